// The link table against what LNK-5 demands of crossing signals.
import { describe, expect, it } from 'vitest';
import { Links } from '../../src/process/index.ts';
import { Pid } from '../../src/term/index.ts';

const origin = { node: 'n', thread: 0, incarnation: 1 };
const peer = new Pid(origin, 1);

describe('Links', () => {
  it('LNK-1 one link per pair, however often it is made', () => {
    const links = new Links();
    expect([links.link(peer), links.link(peer), links.size]).toEqual([true, false, 1]);
    expect(links.unlink(peer)).toBe(1);
    expect([links.unlink(peer), links.size]).toEqual([0, 0]);
  });

  it('LNK-5 an exit that crosses an unlink is stale', () => {
    const links = new Links();
    links.link(peer);
    links.unlink(peer);
    expect(links.receiveExit(peer)).toBe(false);
  });

  it('LNK-5 a link made again after an unlink survives the late acknowledgement', () => {
    const links = new Links();
    links.link(peer);
    const id = links.unlink(peer);
    links.link(peer);
    links.receiveUnlinkAck(peer, id);
    expect(links.has(peer)).toBe(true);
    expect(links.receiveExit(peer)).toBe(true);
  });

  it('LNK-5 the acknowledgement of an older unlink does not end a newer one', () => {
    const links = new Links();
    links.link(peer);
    const first = links.unlink(peer);
    links.link(peer);
    links.unlink(peer);
    links.receiveUnlinkAck(peer, first);
    links.receiveLink(peer);
    expect(links.has(peer)).toBe(false);
  });

  it('LNK-1 the peer may remove a link it did not make', () => {
    const links = new Links();
    links.receiveLink(peer);
    links.receiveUnlink(peer);
    expect(links.size).toBe(0);
  });
});
