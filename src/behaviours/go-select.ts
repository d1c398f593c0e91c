// `select` on Go channels: exactly one of several sends and receives happens, also when the channels and the processes
// at their other ends live on different threads. The messages are those of go-channel-protocol.ts.
//
//   const picked = yield* select({ job: onReceive(jobs), done: onSend(results, sum) }, { timeoutMs: 100 });
//   if (picked.case === 'job' && picked.tag === 'received') work(picked.value);
import {
  type Context,
  checkWait,
  context as currentContext,
  type DownMessage,
  type Effects,
  isDown,
  receive,
  TIMEOUT,
} from '../process/index.ts';
import { type AnyPid, BadArgumentError, checkOptions, type Pid, type Ref } from '../term/index.ts';
import { checkGoChannel, endOf, type GoChannel, GoChannelError } from './go-channel.ts';
import type { GoCase, GoNews, GoOffer, GoReply, GoServer, GoWithdraw, GoYes } from './go-channel-protocol.ts';

/** A case that receives; see {@link onReceive}. */
export interface ReceiveCase<T> {
  readonly kind: 'receive';
  readonly channel: GoChannel<T>;
}

/** A case that sends; see {@link onSend}. */
export interface SendCase {
  readonly kind: 'send';
  readonly channel: GoChannel<unknown>;
  readonly value: unknown;
}

/** Cases by name. A case that is null is never ready, as a nil channel in Go. */
export type SelectCases = Readonly<Record<string, ReceiveCase<unknown> | SendCase | null>>;

export interface SelectOptions {
  /** Gives up after so many ms. Default: never. */
  readonly timeoutMs?: number;
  /** Whether to return `{tag: 'default'}` when no case can be done now: once every channel has said so. */
  readonly default?: boolean;
}

/** What happened. `closed` is a receive from a channel that is closed and empty. */
export type Selected<C extends SelectCases> =
  | { [K in keyof C & string]: HappenedIn<K, C[K]> }[keyof C & string]
  | { readonly tag: 'timeout' | 'default'; readonly case: null };

type HappenedIn<K, C> =
  C extends ReceiveCase<infer T>
    ? { readonly tag: 'received'; readonly case: K; readonly value: T } | { readonly tag: 'closed'; readonly case: K }
    : C extends SendCase
      ? { readonly tag: 'sent'; readonly case: K }
      : never;

/** A case of a select: receive from `channel`. */
export function onReceive<T>(channel: GoChannel<T>): ReceiveCase<T> {
  checkGoChannel('onReceive', channel);
  return { kind: 'receive', channel };
}

/** A case of a select: send `value`. */
export function onSend<T>(channel: GoChannel<T>, value: T): SendCase {
  checkGoChannel('onSend', channel);
  return { kind: 'send', channel: channel, value };
}

/**
 * Does exactly one of the cases, waiting until one can be done; among several that can, one by chance. Throws
 * {@link GoChannelError} when it did a send on a closed channel, and when one of the channels is gone.
 */
export function* select<C extends SelectCases>(cases: C, options: SelectOptions = {}): Effects<Selected<C>> {
  checkOptions('select', options, OPTIONS);
  const { timeoutMs = Number.POSITIVE_INFINITY, default: isPoll = false } = options;
  checkWait(timeoutMs);
  if (typeof cases !== 'object' || cases === null) throw new BadArgumentError('select', 'cases by name', cases);
  for (const each of Object.values(cases)) if (each !== null) checkCase(each);
  const context = yield* currentContext();
  const selection = new Selection(context, cases);
  try {
    selection.offer(isPoll);
    return (yield* selection.wait(timeoutMs, isPoll)) as Selected<C>;
  } finally {
    yield* selection.end();
  }
}

const OPTIONS: Readonly<Record<keyof SelectOptions, true>> = { timeoutMs: true, default: true };

function checkCase(given: unknown): void {
  const each = given as Partial<ReceiveCase<unknown> | SendCase> | undefined;
  if (each?.kind !== 'receive' && each?.kind !== 'send')
    throw new BadArgumentError('select', 'cases made by onReceive and onSend, or null', given);
  checkGoChannel('select', each.channel);
}

type Result = {
  readonly tag: 'received' | 'closed' | 'sent' | 'timeout' | 'default';
  readonly case: string | null;
  readonly value?: unknown;
};
type Ask = Extract<GoNews, { tag: '$goAsk' | '$goRelease' }>;

/** One select under way. */
class Selection {
  private readonly context: Context;
  private readonly cases: SelectCases;
  private readonly id: Ref;
  private readonly channels = new Map<AnyPid, GoCase[]>();
  private readonly watches: Ref[] = [];
  /** Cases that may still be done now; for a select with a default. */
  private open = 0;
  /** The deal for which this select has given its word. */
  private bound: Ask | null = null;
  /** Deals that asked meanwhile. */
  private readonly asks: Ask[] = [];
  private failure: GoChannelError | null = null;

  constructor(context: Context, cases: SelectCases) {
    this.context = context;
    this.cases = cases;
    this.id = context.alias('explicit');
    for (const [key, each] of shuffled(Object.entries(cases), context)) {
      if (each === null) continue;
      this.open++;
      const one: GoCase = each.kind === 'send' ? { key, kind: 'send', value: each.value } : { key, kind: 'receive' };
      const others = this.channels.get(each.channel.pid);
      if (others === undefined) this.channels.set(each.channel.pid, [one]);
      else others.push(one);
    }
  }

  offer(isPoll: boolean): void {
    const { context, id } = this;
    for (const [pid, cases] of this.channels) {
      this.watches.push(context.monitor(pid));
      const message: GoOffer = { tag: '$goOffer', id, pid: context.self, cases, isPoll };
      context.send(pid as Pid<unknown> as GoServer, message);
    }
  }

  *wait(timeoutMs: number, isPoll: boolean): Effects<Result> {
    const { context } = this;
    const untilMs = context.now() + timeoutMs;
    const isNews = (message: unknown): message is GoNews | DownMessage => this.isOurs(message);
    for (;;) {
      if (this.bound === null) {
        if (this.failure !== null) throw this.failure;
        if (isPoll && this.open === 0) return { tag: 'default', case: null };
      }
      // A select that has given its word hears soon how the deal ends.
      const afterMs = this.bound === null ? Math.max(0, untilMs - context.now()) : Number.POSITIVE_INFINITY;
      const news = yield* receive(isNews, { afterMs });
      if (news === TIMEOUT) return { tag: 'timeout', case: null };
      if (news.tag === 'DOWN') this.channelDown(news);
      else if (news.tag === '$goCommit') return this.done(news.key, news.outcome);
      else if (news.tag === '$goAsk') this.asked(news);
      else if (news.tag === '$goRelease') this.released(news);
      else this.open--;
    }
  }

  /** Nothing of this select is left anywhere. */
  *end(): Effects<void> {
    const { context, id } = this;
    context.unalias(id);
    for (const ref of this.watches) context.demonitor(ref, { flush: true });
    const message: GoWithdraw = { tag: '$goWithdraw', id };
    for (const pid of this.channels.keys()) context.send(pid as Pid<unknown> as GoServer, message);
    while ((yield* receive((each) => this.isOurs(each), { afterMs: 0 })) !== TIMEOUT);
  }

  private isOurs(message: unknown): boolean {
    if (typeof message !== 'object' || message === null) return false;
    const { ref } = message as GoNews | DownMessage;
    return ref === this.id || (isDown(message) && this.watches.includes(ref));
  }

  private asked(ask: Ask): void {
    if (this.bound === null) this.agree(ask);
    else this.asks.push(ask);
  }

  private agree(ask: Ask): void {
    this.bound = ask;
    const message: GoYes = { tag: '$goYes', id: this.id, deal: ask.deal };
    this.context.send(ask.channel as Pid<unknown> as GoServer, message);
  }

  private released({ channel, deal }: Ask): void {
    const isSame = (ask: Ask) => ask.channel === channel && ask.deal === deal;
    if (this.bound !== null && isSame(this.bound)) this.free();
    else {
      const at = this.asks.findIndex(isSame);
      if (at >= 0) this.asks.splice(at, 1);
    }
  }

  private free(): void {
    this.bound = null;
    const next = this.asks.shift();
    if (next !== undefined) this.agree(next);
  }

  /** The channel's process is dead: what it had asked is void, and once no other deal is under way the select fails. */
  private channelDown({ object, reason }: DownMessage): void {
    const pid = object as AnyPid;
    this.failure ??= new GoChannelError('select', endOf(reason), pid);
    for (let at = this.asks.length - 1; at >= 0; at--) if (this.asks[at].channel === pid) this.asks.splice(at, 1);
    if (this.bound?.channel === pid) this.free();
  }

  private done(key: string, outcome: GoReply): Result {
    if (outcome.tag === 'value') return { tag: 'received', case: key, value: outcome.value };
    const each = this.cases[key];
    if (outcome.tag === 'closed' && each?.kind === 'send')
      throw new GoChannelError('select', 'closed', each.channel.pid);
    return { tag: outcome.tag, case: key };
  }
}

/** Whoever is asked first is often served first: chance keeps the first case from always winning. */
function shuffled<T>(items: T[], context: Context): T[] {
  for (let at = items.length - 1; at > 0; at--) {
    const other = Math.floor(context.random() * (at + 1));
    [items[at], items[other]] = [items[other], items[at]];
  }
  return items;
}
