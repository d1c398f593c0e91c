// Requests under way (GS-14): responses that are waited for, looked for in a handler, or gathered from many servers.
// `receive...` gives a request up when its time is over, `wait...` leaves it valid, `check...` looks at one message.
//
//   const ids = new RequestIds<number, string>();
//   for (const shard of shards) ids.add(sendRequest(context, shard, { tag: 'count' }), String(shard));
//   while (ids.size > 0) {
//     const next = yield* receiveAny(ids, 1_000);
//     if (next === TIMEOUT) break; // the others are given up
//     if (next.response.ok) total += next.response.value;
//   }
import {
  type Context,
  checkWait,
  type DownMessage,
  type Effect,
  type Effects,
  receive,
  TIMEOUT,
  type Timeout,
} from '../process/index.ts';
import { BadArgumentError, Ref } from '../term/index.ts';
import { answerOf, type CallOutcome, type PendingCall } from './call.ts';
import type { ReplyMessage } from './protocol.ts';

type Answer = ReplyMessage | DownMessage;

const CONTEXT: Effect = { op: 'context' };

/** Waits for a response without giving the request up: TIMEOUT, and it may be waited for again. */
export function* waitResponse<R>(pending: PendingCall<R>, timeoutMs: number): Effects<CallOutcome<R> | Timeout> {
  const answer = answerOf('waitResponse', pending);
  checkWait(timeoutMs);
  if (!(answer instanceof Ref)) return { ok: false, error: answer };
  const got = yield* receive((message): message is Answer => isAnswer(message) && message.ref === answer, {
    afterMs: timeoutMs,
    ref: answer,
  });
  return got === TIMEOUT ? TIMEOUT : outcomeOf(got);
}

/** For handlers: the response, if `message` is the one to this request, else undefined. */
export function checkResponse<R>(message: unknown, pending: PendingCall<R>): CallOutcome<R> | undefined {
  return isAnswer(message) && message.ref === answerOf('checkResponse', pending) ? outcomeOf(message) : undefined;
}

/** Gives a request up: its response goes nowhere. False when the response is here already, which is then dropped. */
export function* abandonRequest(pending: PendingCall<unknown>): Effects<boolean> {
  const answer = answerOf('abandonRequest', pending);
  if (!(answer instanceof Ref)) return false;
  const context = (yield CONTEXT) as Context;
  if (context.demonitor(answer)) return true;
  yield* waitResponse(pending, 0);
  return false;
}

/** A response with the label of its request. */
export interface Labelled<R, L> {
  readonly label: L;
  readonly response: CallOutcome<R>;
}

/** A collection of requests with labels, for the process that has sent them. A request whose response came is taken out. */
export class RequestIds<R, L> {
  private readonly pending = new Map<Ref, L>();
  /** Those whose response was known when they were sent. */
  private readonly known: Labelled<R, L>[] = [];

  get size(): number {
    return this.pending.size + this.known.length;
  }

  /** Adds a request. Throws BadArgumentError when it is in the collection. */
  add(pending: PendingCall<R>, label: L): void {
    const answer = answerOf('add', pending);
    if (!(answer instanceof Ref)) this.known.push({ label, response: { ok: false, error: answer } });
    else if (this.pending.has(answer)) throw new BadArgumentError('add', 'a request that is not in it', answer);
    else this.pending.set(answer, label);
  }

  /** The labels of all requests, in the order in which they were added. */
  labels(): readonly L[] {
    return [...this.known.map(({ label }) => label), ...this.pending.values()];
  }

  /** For handlers: the labelled response, if `message` is one to a request of this collection, else undefined. */
  check(message: unknown): Labelled<R, L> | undefined {
    if (!this.owns(message)) return undefined;
    const label = this.pending.get(message.ref) as L;
    this.pending.delete(message.ref);
    return { label, response: outcomeOf(message) };
  }

  /** True for the response to one of these requests. */
  owns(message: unknown): message is Answer {
    return isAnswer(message) && this.pending.has(message.ref);
  }

  /** A response that needs no waiting. */
  takeKnown(): Labelled<R, L> | undefined {
    return this.known.shift();
  }

  /** Gives all requests up; of responses that are here already none is left. */
  *abandon(): Effects<void> {
    this.known.length = 0;
    for (const answer of [...this.pending.keys()]) yield* abandonRequest({ answer });
    this.pending.clear();
  }
}

/**
 * The next response to any request of the collection; undefined when it is empty. When the time is over all of them are
 * given up. For an absolute deadline pass `untilMs - context.now()`.
 */
export function* receiveAny<R, L>(
  ids: RequestIds<R, L>,
  timeoutMs: number,
): Effects<Labelled<R, L> | Timeout | undefined> {
  const got = yield* waitAny(ids, timeoutMs);
  if (got === TIMEOUT) yield* ids.abandon();
  return got;
}

/** As {@link receiveAny}, but after TIMEOUT the requests are still valid. */
export function* waitAny<R, L>(
  ids: RequestIds<R, L>,
  timeoutMs: number,
): Effects<Labelled<R, L> | Timeout | undefined> {
  if (!(ids instanceof RequestIds)) throw new BadArgumentError('waitAny', 'a collection of requests', ids);
  checkWait(timeoutMs);
  const known = ids.takeKnown();
  if (known !== undefined || ids.size === 0) return known;
  const message = yield* receive((each): each is Answer => ids.owns(each), { afterMs: timeoutMs });
  return message === TIMEOUT ? TIMEOUT : ids.check(message);
}

function isAnswer(message: unknown): message is Answer {
  if (typeof message !== 'object' || message === null) return false;
  const { tag } = message as Answer;
  return tag === '$reply' || tag === 'DOWN';
}

function outcomeOf<R>(answer: Answer): CallOutcome<R> {
  return answer.tag === '$reply' ? { ok: true, value: answer.value as R } : { ok: false, error: answer.reason };
}
