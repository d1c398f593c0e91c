// The rules of one Go channel: who gets which value. First come, first served among senders and among receivers; values
// keep their order; one deal at a time, and while it waits for a select's word nothing overtakes it.
// It says what is to be told (`say`) and never waits itself.
import type { AnyPid, Ref } from '../term/index.ts';
import { comparePids, type GoReply, type Party } from './go-channel-protocol.ts';

/** What the channel tells the outside. */
export interface GoVoice {
  /** The party is served. */
  settle(party: Party, outcome: GoReply): void;
  ask(party: Party, deal: number): void;
  release(party: Party, deal: number): void;
  notReady(party: Party): void;
}

/** A deal under way: `asked` is the select whose word is awaited, `bound` are those that have given theirs. */
interface Deal {
  readonly number: number;
  readonly receiver: Party | null;
  readonly sender: Party | null;
  readonly toAsk: Party[];
  readonly bound: Party[];
}

const CLOSED: GoReply = { tag: 'closed' };
const SENT: GoReply = { tag: 'sent' };

export class GoDeals {
  readonly capacity: number;
  readonly buffer: unknown[] = [];
  readonly receivers = new Set<Party>();
  readonly senders = new Set<Party>();
  isClosed = false;
  /** The parties of each select that has offered something here. */
  private readonly offers = new Map<Ref, Party[]>();
  private readonly voice: GoVoice;
  /** Waiting parties whose select has a default. */
  private polls = 0;
  private deal: Deal | null = null;
  private deals = 0;

  constructor(capacity: number, voice: GoVoice) {
    this.capacity = capacity;
    this.voice = voice;
  }

  /** Takes a party in, behind those that wait; `step` then serves whom it can. */
  add(kind: 'send' | 'receive', party: Party): void {
    (kind === 'send' ? this.senders : this.receivers).add(party);
    if (party.select === null) return;
    if (party.select.isPoll) this.polls++;
    const others = this.offers.get(party.select.id);
    if (others === undefined) this.offers.set(party.select.id, [party]);
    else others.push(party);
  }

  /** True while the party waits. */
  isWaiting(party: Party): boolean {
    return this.receivers.has(party) || this.senders.has(party);
  }

  /** True when nobody waits. */
  get isQuiet(): boolean {
    return this.receivers.size + this.senders.size === 0;
  }

  /** Goes on as far as it can. */
  step(): void {
    while (this.deal === null) {
      const found = this.find();
      if (found === null) break;
      this.begin(found);
    }
    if (this.deal !== null || this.polls === 0) return;
    for (const parties of [this.receivers, this.senders]) {
      for (const party of parties) {
        if (party.select?.isPoll !== true) continue;
        this.take(party);
        this.voice.notReady(party);
      }
    }
  }

  /** A select gave its word. Void when the deal is over: the select has been told, or soon hears, that it is free. */
  agreed(id: Ref, number: number): void {
    const { deal } = this;
    if (deal?.number !== number || deal.toAsk[0]?.select?.id !== id) return;
    deal.bound.push(deal.toAsk.shift() as Party);
    this.advance(deal);
    this.step();
  }

  /** A select is over. */
  withdraw(id: Ref): void {
    const parties = this.offers.get(id);
    if (parties !== undefined) this.remove([...parties]);
  }

  /** A process is dead. */
  forget(pid: AnyPid): void {
    this.remove([...this.receivers, ...this.senders].filter((party) => party.pid === pid));
  }

  private remove(gone: readonly Party[]): void {
    for (const party of gone) this.take(party);
    const { deal } = this;
    const isGone = (party: Party | null) => party !== null && gone.includes(party);
    if (deal !== null && (isGone(deal.receiver) || isGone(deal.sender))) {
      this.deal = null;
      // The one that is being asked hears it too: it may not have answered yet, or its answer is on the way.
      for (const party of [...deal.bound, ...deal.toAsk.slice(0, 1)])
        if (!isGone(party)) this.voice.release(party, deal.number);
    }
    this.step();
  }

  /** The next two that belong together; one of them is null when the buffer, or the close, is the other. */
  private find(): Pick<Deal, 'receiver' | 'sender'> | null {
    const sender = first(this.senders);
    if (this.isClosed && sender !== null) return { receiver: null, sender };
    const receiver = first(this.receivers);
    if (receiver !== null && (this.buffer.length > 0 || this.isClosed)) return { receiver, sender: null };
    if (sender !== null && this.buffer.length < this.capacity) return { receiver: null, sender };
    if (sender === null) return null;
    // A select with both a send and a receive on this channel is no partner for itself.
    for (const one of this.receivers)
      for (const other of this.senders) if (other.pid !== one.pid) return { receiver: one, sender: other };
    return null;
  }

  private begin({ receiver, sender }: Pick<Deal, 'receiver' | 'sender'>): void {
    const toAsk = [receiver, sender].filter((party): party is Party => party !== null && party.select !== null);
    if (toAsk.length === 2) toAsk.sort((a, b) => comparePids(a.pid, b.pid));
    this.deal = { number: ++this.deals, receiver, sender, toAsk, bound: [] };
    this.advance(this.deal);
  }

  private advance(deal: Deal): void {
    if (deal.toAsk.length > 0) this.voice.ask(deal.toAsk[0], deal.number);
    else {
      this.deal = null;
      this.commit(deal);
    }
  }

  private commit({ receiver, sender }: Deal): void {
    // Before anybody is served, so that what a served select still offered here is gone with it.
    for (const party of [receiver, sender]) if (party !== null) this.drop(party);
    if (receiver === null) {
      if (sender === null) return;
      if (!this.isClosed) this.buffer.push(sender.value);
      this.voice.settle(sender, this.isClosed ? CLOSED : SENT);
      return;
    }
    if (sender !== null) {
      this.voice.settle(receiver, { tag: 'value', value: sender.value });
      this.voice.settle(sender, SENT);
    } else if (this.buffer.length > 0) this.voice.settle(receiver, { tag: 'value', value: this.buffer.shift() });
    else this.voice.settle(receiver, CLOSED);
  }

  /** Takes a served party out, with the other cases of its select. */
  private drop(party: Party): void {
    if (party.select === null) this.take(party);
    else for (const other of [...(this.offers.get(party.select.id) ?? [])]) this.take(other);
  }

  private take(party: Party): void {
    if (!this.receivers.delete(party) && !this.senders.delete(party)) return;
    if (party.select === null) return;
    const { id, isPoll } = party.select;
    if (isPoll) this.polls--;
    const left = this.offers.get(id)?.filter((other) => other !== party) ?? [];
    if (left.length === 0) this.offers.delete(id);
    else this.offers.set(id, left);
  }
}

function first(parties: Set<Party>): Party | null {
  return parties.size === 0 ? null : (parties.values().next().value ?? null);
}
