// The process of a Go channel: it knows its owner and whoever waits, and plays by the rules of go-deals.ts.
// Its end: when the owner ends before the channel is closed, the process ends with `{ownerDown}`, and everybody who waits
// hears it. A closed channel outlives its owner until each process that has received from it knows of the close or is
// dead; values that nobody has come for are kept for a minute.
import { isDown } from '../process/index.ts';
import { type AnyPid, formatReason, type Mfa, type Pid, type Ref } from '../term/index.ts';
import { replyTo } from './call.ts';
import type { ServerContext } from './callbacks.ts';
import { genServer, type ServerDefinition } from './gen-server.ts';
import type {
  GoCall,
  GoInfo,
  GoNews,
  GoOffer,
  GoReply,
  GoWithdraw,
  GoYes,
  OwnerDown,
  Party,
} from './go-channel-protocol.ts';
import { GoDeals, type GoVoice } from './go-deals.ts';
import type { From } from './protocol.ts';
import { type CastResult, noReply, ok, reply, stop } from './results.ts';

/** How long a closed channel without its owner keeps values for which no receiver has come yet. */
export const GO_LINGER_MS = 60_000;

class State implements GoVoice {
  readonly context: ServerContext;
  readonly deals: GoDeals;
  /** The processes that had to wait here or have received, all watched: true for those that may come to receive again. */
  readonly guests = new Map<AnyPid, boolean>();
  owner: Ref | null;
  isLingering = false;

  constructor(context: ServerContext, capacity: number, owner: AnyPid) {
    this.context = context;
    this.deals = new GoDeals(capacity, this);
    this.owner = context.monitor(owner);
  }

  settle(party: Party, outcome: GoReply): void {
    if (outcome.tag === 'value') this.welcome(party.pid, true);
    else if (outcome.tag === 'closed' && this.guests.has(party.pid)) this.guests.set(party.pid, false);
    if (party.from !== null) replyTo(this.context, party.from, outcome);
    else if (party.select !== null) {
      const { id, key } = party.select;
      this.say(id, { tag: '$goCommit', ref: id, key, outcome });
    }
  }

  ask(party: Party, deal: number): void {
    if (party.select === null) return;
    const { id } = party.select;
    this.say(id, { tag: '$goAsk', ref: id, channel: this.context.self, deal });
  }

  release(party: Party, deal: number): void {
    if (party.select === null) return;
    const { id } = party.select;
    this.say(id, { tag: '$goRelease', ref: id, channel: this.context.self, deal });
  }

  notReady(party: Party): void {
    if (party.select === null) return;
    const { id, key } = party.select;
    this.say(id, { tag: '$goNotReady', ref: id, key });
  }

  private say(id: Ref, news: GoNews): void {
    this.context.send(id, news);
  }

  /** A party that has to wait is watched. */
  watch(party: Party): void {
    if (this.deals.isWaiting(party)) this.welcome(party.pid, false);
  }

  gone(pid: AnyPid): void {
    if (this.guests.delete(pid)) this.deals.forget(pid);
  }

  /** True when nobody waits here, and nobody who has received may still come. */
  get isForgotten(): boolean {
    return this.deals.isQuiet && !this.guests.values().some((mayReceive) => mayReceive);
  }

  /** Each guest is watched once, and as long as the channel is there: most of them wait often. */
  private welcome(pid: AnyPid, mayReceive: boolean): void {
    const known = this.guests.get(pid);
    if (known === undefined) this.context.monitor(pid);
    if (known === undefined || (mayReceive && !known)) this.guests.set(pid, mayReceive);
  }
}

/** The server of every Go channel; started with its capacity and its owner. Named by an Mfa for other threads. */
export const goChannelServer: ServerDefinition<readonly [number, AnyPid], GoCall, never, GoOffer | GoYes | GoWithdraw> =
  genServer({
    label: 'goChannel',
    formatStatus: infoOf,
    init: (context, capacity: number, owner: AnyPid) => ok(new State(context, capacity, owner)),
    handleCall(request: GoCall, from, state: State) {
      switch (request.tag) {
        case 'send':
          return wait(state, 'send', from, request.value);
        case 'receive':
          return wait(state, 'receive', from, undefined);
        case 'close':
          return close(state);
        case 'info':
          return reply(infoOf(state), state);
      }
    },
    handleInfo(message, state: State) {
      if (isDown(message)) return down(state, message.ref, message.object as Pid<unknown>, message.reason);
      // Anybody may send anything to a pid that is part of a handle.
      const news = message ?? { tag: null };
      switch (news.tag) {
        case '$goOffer':
          offer(state, news);
          break;
        case '$goYes':
          state.deals.agreed(news.id, news.deal);
          break;
        case '$goWithdraw':
          state.deals.withdraw(news.id);
          break;
        case 'timeout':
          state.isLingering = false;
          break;
        default:
          state.context.env.logger.log('warning', 'unexpected message', {
            pid: String(state.context.self),
            text: formatReason(message),
          });
      }
      return settled(state);
    },
  });

/** The server by name, for placements elsewhere. */
export const GO_CHANNEL_SERVER: Mfa = { module: import.meta.url, export: 'goChannelServer' };

function wait(state: State, kind: 'send' | 'receive', from: From, value: unknown): CastResult<State> {
  const party: Party = { pid: from.caller, from, select: null, value };
  state.deals.add(kind, party);
  state.deals.step();
  state.watch(party);
  return settled(state);
}

function offer(state: State, { id, pid, cases, isPoll }: GoOffer): void {
  const parties = cases.map((each): Party => {
    const value = each.kind === 'send' ? each.value : undefined;
    const party: Party = { pid, from: null, select: { id, key: each.key, isPoll }, value };
    state.deals.add(each.kind, party);
    return party;
  });
  state.deals.step();
  for (const party of parties) state.watch(party);
}

function close(state: State): CastResult<State> | ReturnType<typeof reply<boolean, State>> {
  if (state.deals.isClosed) return reply(false, state);
  state.deals.isClosed = true;
  state.deals.step();
  return reply(true, state);
}

function infoOf({ deals }: State): GoInfo {
  const { buffer, capacity, isClosed, senders, receivers } = deals;
  return { length: buffer.length, capacity, isClosed, senders: senders.size, receivers: receivers.size };
}

function down(state: State, ref: Ref, pid: AnyPid, reason: unknown): CastResult<State> {
  if (ref !== state.owner) {
    state.gone(pid);
    return settled(state);
  }
  state.owner = null;
  const detail: OwnerDown = { tag: 'ownerDown', reason };
  if (!state.deals.isClosed) return stop({ tag: 'shutdown', detail });
  state.isLingering = state.deals.buffer.length > 0;
  if (state.isLingering) state.context.startTimer(GO_LINGER_MS, state.context.self, 'linger');
  return settled(state);
}

/** Goes on, or ends when nobody can want anything of it any more. */
function settled(state: State): CastResult<State> {
  if (state.owner !== null || !state.isForgotten) return noReply(state);
  return state.isLingering && state.deals.buffer.length > 0 ? noReply(state) : stop('normal');
}
