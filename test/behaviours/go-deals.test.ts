// The rules of one Go channel, step by step: whom it asks, what it does with answers that come too late.
import { describe, expect, it } from 'vitest';
import type { GoReply, Party } from '../../src/behaviours/go-channel-protocol.ts';
import { GoDeals } from '../../src/behaviours/go-deals.ts';
import { type AnyPid, Pid, Ref } from '../../src/term/index.ts';

const origin = { node: 'n', thread: 0, incarnation: 1 };
const pids = Array.from({ length: 10 }, (_, serial) => new Pid(origin, serial) as AnyPid);

/** A channel that writes down what it says. */
function scene(capacity = 0) {
  const said: string[] = [];
  const names = new Map<Party, string>();
  const say = (what: string, party: Party) => said.push(`${what} ${names.get(party)}`);
  const deals = new GoDeals(capacity, {
    settle: (party, outcome: GoReply) => say(outcome.tag === 'value' ? `value ${outcome.value}` : outcome.tag, party),
    ask: (party, deal) => say(`ask ${deal}`, party),
    release: (party, deal) => say(`release ${deal}`, party),
    notReady: (party) => say('notReady', party),
  });
  let refs = 0;
  /** A case of a select; processes and selects are told apart by `serial`. */
  const select = (kind: 'send' | 'receive', name: string, serial: number, ref?: Ref, isPoll = false): Party => {
    const id = ref ?? new Ref(origin, ++refs);
    const pid = pids[serial];
    const party: Party = { pid, from: null, select: { id, key: name, isPoll }, value: name };
    names.set(party, name);
    deals.add(kind, party);
    return party;
  };
  const plain = (kind: 'send' | 'receive', name: string, serial: number): Party => {
    const pid = pids[serial];
    const party: Party = { pid, from: { alias: new Ref(origin, 0), caller: pid }, select: null, value: name };
    names.set(party, name);
    deals.add(kind, party);
    return party;
  };
  const idOf = (party: Party) => party.select?.id as Ref;
  const take = () => said.splice(0);
  return { deals, select, plain, idOf, take };
}

describe('GoDeals', () => {
  it('asks the selects of a deal in the order of their pids, and serves both when both agree', () => {
    const { deals, select, idOf, take } = scene();
    const receiver = select('receive', 'R', 2);
    const sender = select('send', 'S', 1);
    deals.step();
    expect(take()).toEqual(['ask 1 S']);
    deals.agreed(idOf(sender), 1);
    expect(take()).toEqual(['ask 1 R']);
    deals.agreed(idOf(receiver), 1);
    expect(take()).toEqual(['value S R', 'sent S']);
  });

  it('a plain partner needs no asking', () => {
    const { deals, select, plain, idOf, take } = scene();
    plain('send', 'S', 1);
    const receiver = select('receive', 'R', 2);
    deals.step();
    deals.agreed(idOf(receiver), 1);
    expect(take()).toEqual(['ask 1 R', 'value S R', 'sent S']);
  });

  it('an answer to a deal that is over is void, also when the same select is being asked again', () => {
    const { deals, select, plain, idOf, take } = scene();
    const receiver = select('receive', 'R', 1);
    const first = select('send', 'S1', 2);
    deals.step();
    deals.withdraw(idOf(first));
    expect(take()).toEqual(['ask 1 R', 'release 1 R']);
    plain('send', 'S2', 3);
    deals.step();
    expect(take()).toEqual(['ask 2 R']);
    deals.agreed(idOf(receiver), 1);
    expect(take()).toEqual([]);
    deals.agreed(idOf(receiver), 2);
    expect(take()).toEqual(['value S2 R', 'sent S2']);
  });

  it('when one of two is gone, the other hears that it is free, and stays where it was in the line', () => {
    const { deals, select, plain, idOf, take } = scene();
    const receiver = select('receive', 'R', 1);
    plain('receive', 'R2', 5);
    const sender = select('send', 'S', 2);
    deals.step();
    deals.agreed(idOf(receiver), 1);
    deals.forget(sender.pid);
    expect(take()).toEqual(['ask 1 R', 'ask 1 S', 'release 1 R']);
    plain('send', 'S2', 3);
    deals.step();
    expect(take()).toEqual(['ask 2 R']);
  });

  it('nothing overtakes a deal under way, not even a close', () => {
    const { deals, select, plain, idOf, take } = scene(1);
    const sender = select('send', 'S', 1);
    deals.step();
    plain('send', 'S2', 2);
    plain('receive', 'R', 3);
    deals.step();
    expect(take()).toEqual(['ask 1 S']);
    deals.agreed(idOf(sender), 1);
    expect(take()).toEqual(['sent S', 'value S R', 'sent S2']);
    expect(deals.buffer).toEqual(['S2']);
  });

  it('a served select takes its other cases here along', () => {
    const { deals, select, plain, idOf, take } = scene();
    const id = new Ref(origin, 99);
    const give = select('send', 'give', 1, id);
    select('receive', 'take', 1, id);
    select('receive', 'take too', 1, id);
    deals.step();
    expect(take()).toEqual([]);
    plain('receive', 'R', 2);
    deals.step();
    deals.agreed(idOf(give), 1);
    expect(take()).toEqual(['ask 1 give', 'value give R', 'sent give']);
    expect([deals.senders.size, deals.receivers.size]).toEqual([0, 0]);
  });

  it('a select with a default hears that nothing can be done, but only when no deal is under way', () => {
    const { deals, select, idOf, take } = scene();
    const receiver = select('receive', 'R', 1);
    const sender = select('send', 'S', 2);
    deals.step();
    select('receive', 'poll', 3, undefined, true);
    deals.step();
    expect(take()).toEqual(['ask 1 R']);
    deals.withdraw(idOf(receiver));
    expect(take()).toEqual(['ask 2 S']);
    deals.withdraw(idOf(sender));
    expect(take()).toEqual(['notReady poll']);
  });

  it('a close serves the buffer first, then receivers get nothing more, and senders fail at once', () => {
    const { deals, plain, take } = scene(1);
    plain('send', 'S1', 1);
    plain('send', 'S2', 2);
    deals.step();
    deals.isClosed = true;
    deals.step();
    plain('receive', 'R1', 3);
    plain('receive', 'R2', 4);
    deals.step();
    expect(take()).toEqual(['sent S1', 'closed S2', 'value S1 R1', 'closed R2']);
  });
});
