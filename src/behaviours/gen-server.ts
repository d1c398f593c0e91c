// gen-server: a process that answers calls, takes casts and other messages, one at a time, from callbacks.
// GS-1 (init), GS-5 (info), GS-7 and GS-11 (stop, terminate), GS-8 (bad return), GS-9 (continue), GS-10 (idle timeout),
// GS-12 (parent's exit). Plain callbacks run without a generator or a promise per message; a generator callback may
// wait, and nothing else is let in meanwhile. The slow path is in server-steps.ts.
import { type Effects, type Handler, isExit } from '../process/index.ts';
import { BadArgumentError, formatReason } from '../term/index.ts';
import type { Callbacks, ServerContext } from './callbacks.ts';
import { type CallbackNames, checkCallbacks } from './check-callbacks.ts';
import { withDrafts } from './immer-state.ts';
import { isTicket, type StartTicket, type TakesTicket } from './proc-lib.ts';
import type { CallMessage, CastMessage, From, ReplyMessage, StopMessage } from './protocol.ts';
import type { InitResult } from './results.ts';
import { begin, crash, end, isEffects, type Outcome, type Server, settle } from './server-steps.ts';
import { replacing } from './state-history.ts';
import { type SystemCall, type SystemHolder, serveSystem } from './sys.ts';

/**
 * A server's definition: a process body. Start it with `startLink(definition, args)`, spawn it, put it into a child
 * spec, or export it and name it by an Mfa.
 */
export interface ServerDefinition<A extends readonly unknown[], C, T, I>
  extends Handler<Server<never>, CallMessage<C> | CastMessage<T> | I, A>,
    TakesTicket {}

/** Thrown in a server that got a call or a cast and has no callback for it: the server crashes (GS-5). */
export class UnhandledRequestError extends Error {
  override readonly name = 'UnhandledRequestError';
  constructor(label: string, callback: string, request: unknown) {
    super(`${label} has no ${callback}, but got ${excerpt(request)}`);
  }
}

/**
 * Defines a server from its callbacks; see {@link Callbacks}. Throws BadArgumentError for one that is no function, RangeError for a
 * name that is none of them.
 */
export function genServer<S, A extends readonly unknown[] = readonly [], C = never, T = never, I = never>(
  callbacks: Callbacks<S, A, C, T, I>,
): ServerDefinition<A, C, T, I> {
  checkServer(callbacks);
  return defineServer(callbacks) as unknown as ServerDefinition<A, C, T, I>;
}

const NAMES: CallbackNames = {
  needed: ['init'],
  optional: [
    'handleCall',
    'handleCast',
    'handleInfo',
    'handleContinue',
    'codeChange',
    'formatStatus',
    'takeStatus',
    'terminate',
  ],
  others: ['label', 'immer', 'history'],
};

function checkServer(given: unknown): void {
  checkCallbacks('genServer', given, NAMES);
  const { history, immer } = given as Partial<Loose>;
  if (history === undefined) return;
  if (!Number.isInteger(history) || history < 1 || immer !== true)
    throw new BadArgumentError('genServer', 'a history of at least 1 step, with immer: true', history);
}

type Loose = Callbacks<unknown, readonly unknown[], unknown, unknown, unknown>;
type Loop = Handler<Server<unknown>, unknown, readonly unknown[]> & TakesTicket;

function defineServer(given: unknown): Loop {
  const callbacks = (given as Loose).immer === true ? withDrafts(given as Loose) : (given as Loose);
  const label = callbacks.label ?? 'genServer';
  return {
    behaviour: 'genServer',
    label,
    init: (context, ...args) => {
      const ticket = isTicket(args[0]) ? args[0] : null;
      return initialize(callbacks, context as ServerContext, ticket, ticket === null ? args : args.slice(1));
    },
    codeChange: (oldVersion, server, extra, context) =>
      change(callbacks, oldVersion, server as Server<unknown>, extra, context as ServerContext),
    handle: (server, message, context) => handle(callbacks, label, server, message, context as ServerContext),
  };
}

/** The state goes over to these callbacks, which are of a newer version (HOT-1). */
function change(
  callbacks: Loose,
  oldVersion: number,
  server: Server<unknown>,
  extra: unknown,
  context: ServerContext,
): Server<unknown> {
  if (callbacks.codeChange === undefined) return server;
  const before = server.state;
  server.state = callbacks.codeChange(oldVersion, before, extra, context);
  server.watch?.history?.took(replacing(before, server.state));
  return server;
}

function initialize(
  callbacks: Loose,
  context: ServerContext,
  ticket: StartTicket | null,
  args: readonly unknown[],
): ReturnType<typeof begin> {
  return begin(callbacks, context, ticket, () => callbacks.init(context, ...args) as InitResult<unknown>);
}

/** One message. The result of a plain callback is applied here when it is a plain reply; the rest is in `settle`. */
function handle(
  callbacks: Loose,
  label: string,
  server: Server<unknown>,
  message: unknown,
  context: ServerContext,
): Server<unknown> {
  let outcome: Outcome;
  let from: From | null = null;
  let callback = 'handleInfo';
  const tag = typeof message === 'object' && message !== null ? (message as { tag?: unknown }).tag : undefined;
  if (server.watch !== null && tag !== '$sys') server.watch.messageIn(message);
  if (server.idle !== null || tag === 'timeout') {
    const seen = server.wake(message, context);
    if (seen === null) return server;
    message = seen;
  }
  try {
    if (tag === '$call') {
      const call = message as CallMessage<unknown>;
      from = call.from;
      callback = 'handleCall';
      if (callbacks.handleCall === undefined) throw new UnhandledRequestError(label, callback, call.request);
      outcome = callbacks.handleCall(call.request, from, server.state, context);
    } else if (tag === '$cast') {
      const cast = message as CastMessage<unknown>;
      callback = 'handleCast';
      if (callbacks.handleCast === undefined) throw new UnhandledRequestError(label, callback, cast.message);
      outcome = callbacks.handleCast(cast.message, server.state, context);
    } else if (tag === '$stop') {
      return context.perform(end(callbacks, server, (message as StopMessage).reason, context));
    } else if (tag === '$sys') {
      return context.perform(system(callbacks, label, server, message as SystemCall, context));
    } else if (tag === 'EXIT' && server.parent !== null && isExit(message) && message.from === server.parent) {
      return context.perform(end(callbacks, server, message.reason, context));
    } else if (callbacks.handleInfo !== undefined) {
      outcome = callbacks.handleInfo(message as never, server.state, context);
    } else {
      context.env.logger.log('warning', 'unexpected message', {
        pid: context.self.toString(),
        label,
        message: excerpt(message),
      });
      return server;
    }
  } catch (error) {
    return context.perform(crash(callbacks, server, error, context));
  }
  if (outcome !== undefined && outcome !== null && server.watch === null && !isEffects(outcome)) {
    if (outcome.tag === 'noReply' && outcome.next === null) {
      server.state = outcome.state;
      return server;
    }
    if (outcome.tag === 'reply' && outcome.next === null && from !== null) {
      server.state = outcome.state;
      const answer: ReplyMessage = { tag: '$reply', ref: from.alias, value: outcome.value };
      try {
        context.send(from.alias, answer);
      } catch (error) {
        // A value that is no term is the callback's fault like any other (GS-11).
        return context.perform(crash(callbacks, server, error, context));
      }
      return server;
    }
  }
  return context.perform(settle(callbacks, server, outcome, callback, from, context));
}

/** A system message, and all that come while the server is suspended (SYS-1). */
function* system(
  callbacks: Loose,
  label: string,
  server: Server<unknown>,
  message: SystemCall,
  context: ServerContext,
): Effects<Server<unknown>> {
  const holder: SystemHolder = {
    label,
    parent: server.parent,
    watched: server,
    read: () => server.state,
    ...(callbacks.formatStatus === undefined ? {} : { show: () => callbacks.formatStatus?.(server.state) }),
    ...(callbacks.takeStatus === undefined ? {} : { take: (status) => callbacks.takeStatus?.(status, server.state) }),
    replace: (state) => {
      server.state = state;
    },
    end: (reason) => end(callbacks, server, reason, context),
  };
  yield* serveSystem(holder, message, context);
  return server;
}

const EXCERPT_MAX = 200;

function excerpt(value: unknown): string {
  const text = formatReason(value);
  return text.length > EXCERPT_MAX ? `${text.slice(0, EXCERPT_MAX)}...` : text;
}
