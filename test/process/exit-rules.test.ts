// Every cell of the exit table (EXI-2, EXI-3, EXI-4, LNK-2, LNK-3, LNK-5).
import { describe, expect, it } from 'vitest';
import { receiveExit } from '../../src/process/index.ts';

const die = (reason: unknown) => ({ action: 'die', reason });
const message = { action: 'message' };
const ignore = { action: 'ignore' };

describe('receiveExit', () => {
  const cells = [
    ['EXI-2 exit(P, kill) kills a trapping process as killed', true, false, 'explicit', 'kill', die('killed')],
    ['EXI-2 exit(P, kill) kills another process as killed', false, false, 'explicit', 'kill', die('killed')],
    ['EXI-2 exit(P, normal) is a message for a trapping process', true, false, 'explicit', 'normal', message],
    ['EXI-2 exit(P, normal) is ignored by another process', false, false, 'explicit', 'normal', ignore],
    ['EXI-3 exit(self, normal) kills the caller', false, true, 'explicit', 'normal', die('normal')],
    ['EXI-3 exit(self, normal) is a message when trapping', true, true, 'explicit', 'normal', message],
    ['EXI-2 exit(P, R) kills with R', false, false, 'explicit', 'boom', die('boom')],
    ['EXI-2 exit(P, R) is a message for a trapping process', true, false, 'explicit', 'boom', message],
    ['LNK-2 a linked normal exit is ignored', false, false, 'activeLink', 'normal', ignore],
    ['LNK-2 a linked normal exit is a message when trapping', true, false, 'activeLink', 'normal', message],
    ['LNK-3 a linked exit kills with the same reason', false, false, 'activeLink', 'boom', die('boom')],
    ['EXI-4 a raised kill travels a link unconverted', false, false, 'activeLink', 'kill', die('kill')],
    ['EXI-4 a raised kill can be trapped by a link', true, false, 'activeLink', 'kill', message],
    ['LNK-5 a stale link changes nothing', false, false, 'staleLink', 'boom', ignore],
    ['LNK-5 a stale link sends no message', true, false, 'staleLink', 'boom', ignore],
  ] as const;
  for (const [title, trapsExits, fromSelf, via, reason, effect] of cells) {
    it(title, () => expect(receiveExit({ trapsExits, fromSelf, via }, reason)).toEqual(effect));
  }
});
