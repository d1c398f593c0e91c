// Persistent terms on one thread: PT-1. Several threads are in test/conformance/cases/shared.ts.
import { describe, expect, it } from 'vitest';
import { eraseTerm, getTerm, persistentTerms, putTerm, startLink, termKeys } from '../../src/behaviours/index.ts';
import { type Context, type Effects, isDown, receive, sleep } from '../../src/process/index.ts';
import type { AnyPid } from '../../src/term/index.ts';
import { play } from '../support/virtual-engine.ts';

function* begin(): Effects<void> {
  const started = yield* startLink(persistentTerms());
  if (!started.ok) throw new Error('not started');
}

describe('persistent terms', () => {
  it('PT-1 are read without a message after the write has returned, replaced and erased', () => {
    play(function* (context) {
      yield* begin();
      expect(getTerm(context, 'limits')).toBeUndefined();
      yield* putTerm('limits', { connections: 10 });
      expect(getTerm(context, 'limits')).toEqual({ connections: 10 });
      yield* putTerm('limits', { connections: 20 });
      yield* putTerm(7, context.self);
      expect(getTerm<{ connections: number }>(context, 'limits')?.connections).toBe(20);
      expect(getTerm(context, 7)).toBe(context.self);
      expect(termKeys(context)).toEqual(['limits', 7]);
      expect([yield* eraseTerm('limits'), yield* eraseTerm('limits')]).toEqual([true, false]);
      expect(getTerm(context, 'limits')).toBeUndefined();
    });
  });

  it('PT-1 reading costs no copy where a value can be frozen, and never shares what can be changed', () => {
    play(function* (context) {
      yield* begin();
      const given = { list: [1, 2] };
      yield* putTerm('plain', given);
      expect(getTerm(context, 'plain')).toBe(getTerm(context, 'plain'));
      expect(getTerm(context, 'plain')).not.toBe(given);
      expect(Object.isFrozen(getTerm<typeof given>(context, 'plain')?.list)).toBe(true);
      yield* putTerm('bytes', Uint8Array.of(1, 2));
      (getTerm<Uint8Array>(context, 'bytes') as Uint8Array)[0] = 9;
      expect(getTerm(context, 'bytes')).toEqual(Uint8Array.of(1, 2));
    });
  });

  it('PT-1 outlive a crash of their process', () => {
    play(function* (context) {
      yield* begin();
      yield* putTerm('k', 'kept');
      context.exit(context.whereis('persistentTerms/owner') as AnyPid, 'kill');
      expect(getTerm(context, 'k')).toBe('kept');
      yield* sleep(1);
      yield* putTerm('l', 'later');
      expect([getTerm(context, 'k'), getTerm(context, 'l')]).toEqual(['kept', 'later']);
    });
  });

  it('without them reading throws and writing fails; what is no term is refused to its writer', () => {
    play(function* (context) {
      expect(() => getTerm(context, 'k')).toThrow(/persistentTerms to run for this thread/);
      const { ref } = context.spawnMonitor(function* (_inner: Context) {
        yield* putTerm('k', 1);
      });
      expect(yield* receive((message) => isDown(message, ref))).toMatchObject({
        reason: { tag: 'call', reason: 'noproc' },
      });
      yield* begin();
      const owner = context.whereis('persistentTerms/owner');
      expect(() => putTerm('k', () => {}).next()).toThrow(/is not a term/);
      expect(context.whereis('persistentTerms/owner')).toBe(owner);
    });
  });

  it('a message of a stranger is logged and dropped', () => {
    play(function* (context, engine) {
      yield* begin();
      context.send('persistentTerms/owner', { tag: 'noise' });
      yield* putTerm('k', 1);
      expect(engine.logged('unexpected message')).toHaveLength(1);
    });
  });
});
