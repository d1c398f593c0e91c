// The handshake of a synchronous start (GS-1, PL-1): the starter passes a ticket as the first argument, the new process
// answers on the ticket's alias when it is ready. What never answers is told by its death.
import { type Context, type Effects, register } from '../process/index.ts';
import { type AnyPid, Ref } from '../term/index.ts';
import { isViaName, registerVia, type ViaName } from './via.ts';

/** Passed as the first argument by `startLink` and `start` to a body that takes part in the handshake. */
export interface StartTicket {
  readonly tag: '$start';
  readonly alias: Ref;
  /** The name to take before anything else, or null. */
  readonly name: string | ViaName | null;
  /** False for a start without a link: the starter then is nobody whose end would matter (GS-12). */
  readonly isLinked: boolean;
}

/** What the new process tells its starter. */
export type StartAnswer =
  | { readonly outcome: 'ok' }
  | { readonly outcome: 'ignored' }
  | { readonly outcome: 'failed'; readonly reason: unknown }
  | { readonly outcome: 'alreadyStarted'; readonly pid: AnyPid };

/** A {@link StartAnswer} on its way. */
export interface StartedMessage {
  readonly tag: '$started';
  readonly ref: Ref;
  readonly answer: StartAnswer;
}

/** True when a body's first argument is a ticket, that is, when somebody waits for its answer. */
export function isTicket(value: unknown): value is StartTicket {
  return (
    typeof value === 'object' &&
    value !== null &&
    (value as StartTicket).tag === '$start' &&
    (value as StartTicket).alias instanceof Ref
  );
}

/** Answers the starter; without a ticket nobody asked. */
export function answerStart(context: Pick<Context, 'send'>, ticket: StartTicket | null, answer: StartAnswer): void {
  if (ticket === null) return;
  const message: StartedMessage = { tag: '$started', ref: ticket.alias, answer };
  context.send(ticket.alias, message);
}

const STARTED: StartAnswer = { outcome: 'ok' };

/** Tells the starter that the process is ready. */
export function answerStarted(context: Pick<Context, 'send'>, ticket: StartTicket | null): void {
  answerStart(context, ticket, STARTED);
}

/**
 * Takes the name of the ticket. If another process has it, the starter learns whose it is and this process ends
 * `normal`, so that a linked starter lives on.
 */
export function* takeName(context: Context, ticket: StartTicket): Effects<void> {
  const { name } = ticket;
  if (name === null) return;
  if (isViaName(name)) {
    const result = yield* registerVia(name);
    if (result.ok) return;
    answerStart(context, ticket, { outcome: 'alreadyStarted', pid: result.error.pid });
    context.exit('normal');
  }
  for (;;) {
    const result = yield* register(name);
    if (result.ok) return;
    const owner = context.whereis(name);
    // The owner may have died since; then the name is free and the next attempt gets it.
    if (result.error === 'alreadyRegistered' && owner === undefined) continue;
    if (owner === undefined) answerStart(context, ticket, { outcome: 'failed', reason: { tag: result.error, name } });
    else answerStart(context, ticket, { outcome: 'alreadyStarted', pid: owner });
    context.exit('normal');
  }
}

/**
 * For a generator body that takes part in the handshake by itself: takes the name, then answers.
 *
 *   function* worker(context: Context, ticket: StartTicket, ...args) { yield* initAck(ticket); ... }
 */
export function* initAck(context: Context, ticket: StartTicket): Effects<void> {
  yield* takeName(context, ticket);
  answerStarted(context, ticket);
}

/** Marks a body as one that takes the ticket: every behaviour's definition is one. */
export interface TakesTicket {
  readonly behaviour: string;
}

/** True for a definition of a behaviour. */
export function takesTicket(body: unknown): boolean {
  return typeof body === 'object' && body !== null && typeof (body as Partial<TakesTicket>).behaviour === 'string';
}
