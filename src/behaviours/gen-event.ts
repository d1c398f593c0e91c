// gen-event: one process with many handlers, each with a state of its own, that all see every event, the newest first
// (EV-1). A handler that throws is removed, and the others go on. Handlers are named where the manager is defined, so
// that they can be added from any thread.
import { context as currentContext, type Effects, exitReasonOf, isExit } from '../process/index.ts';
import { type AnyPid, BadArgumentError, formatReason, hasTag, type Pid } from '../term/index.ts';
import { call, cast } from './call.ts';
import type { ServerContext } from './callbacks.ts';
import { answerOf, checkEvent, checkHandlerSpec, stateOf } from './event-check.ts';
import { genServer, type ServerDefinition } from './gen-server.ts';
import type { From, ReplyOf, Request, ServerPid } from './protocol.ts';
import { noReply, ok, reply } from './results.ts';
import { storeTerm } from './stored-term.ts';

/** Why a handler ends; `terminate` gets it. */
export type HandlerEnd =
  /** Deleted, with what `deleteHandler` was given. */
  | { readonly tag: 'delete'; readonly args: readonly unknown[] }
  /** Another one takes its place and gets what `terminate` returns. */
  | { readonly tag: 'swap'; readonly args: readonly unknown[] }
  /** It said so itself. */
  | { readonly tag: 'remove' }
  /** It threw. */
  | { readonly tag: 'error'; readonly reason: unknown }
  /** The manager ends, or the process that added it with `addSupHandler`. */
  | { readonly tag: 'stop'; readonly reason: unknown };

/** Instead of a state: the handler ends. From `handleCall` it is the `state` beside the reply. */
export const REMOVE_HANDLER: unique symbol = Symbol('remove handler');

/** Instead of a state: another handler takes the place of this one. */
export class HandlerSwap {
  readonly spec: HandlerSpec;

  constructor(spec: HandlerSpec) {
    this.spec = spec;
  }
}

/** What a callback returns instead of a state to be replaced by another handler, as by {@link swapHandler}. */
export function swapFor(spec: HandlerSpec): HandlerSwap {
  checkHandlerSpec('swapFor', spec);
  return new HandlerSwap(spec);
}

/** What is left of a handler after a callback. */
export type HandlerNext<S> = S | typeof REMOVE_HANDLER | HandlerSwap;

/** The callbacks of a handler with state `S`; plain functions. */
export interface EventHandler<S = unknown, E = unknown, A extends readonly unknown[] = readonly never[]> {
  /** The first state. A handler that takes another's place gets what that one's `terminate` returned behind its arguments. */
  init(context: ServerContext, ...args: A): S;
  handleEvent(event: E, state: S, context: ServerContext): HandlerNext<S>;
  /** Without it a call of the handler answers `noCalls`. */
  handleCall?(
    request: unknown,
    state: S,
    context: ServerContext,
  ): { readonly reply: unknown; readonly state: HandlerNext<S> };
  /** Without it other messages pass it by. */
  handleInfo?(message: unknown, state: S, context: ServerContext): HandlerNext<S>;
  /** The state for this version of the code (HOT-1); see `codeChange` of a gen-server. */
  codeChange?(oldVersion: number, state: unknown, extra: unknown, context: ServerContext): S;
  terminate?(end: HandlerEnd, state: S, context: ServerContext): unknown;
}

/** Sent to the process that added a handler with `addSupHandler` when that handler ends, also when it is deleted or swapped. */
export interface HandlerExit {
  readonly tag: 'handlerExit';
  readonly id: string;
  readonly reason: HandlerEnd;
}

export type HandlerOutcome =
  | { readonly ok: true }
  /** `badHandler`: the manager knows none of that name; `taken`: the id is; a thrown `init` is its reason. */
  | { readonly ok: false; readonly error: unknown };
export type HandlerAnswer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown };

/** Which handler to add: its name in the definition, and an id where there are several of it (default: the name). */
export interface HandlerSpec {
  readonly name: string;
  readonly id?: string;
  readonly args?: readonly unknown[];
}

export type EventCall =
  | Request<{ readonly tag: 'add'; readonly spec: HandlerSpec; readonly isSupervised: boolean }, HandlerOutcome>
  | Request<{ readonly tag: 'delete'; readonly id: string; readonly args: readonly unknown[] }, HandlerAnswer>
  | Request<
      { readonly tag: 'swap'; readonly id: string; readonly args: readonly unknown[]; readonly spec: HandlerSpec },
      HandlerOutcome
    >
  | Request<{ readonly tag: 'call'; readonly id: string; readonly request: unknown }, HandlerAnswer>
  | Request<{ readonly tag: 'event'; readonly event: unknown }, true>
  | Request<{ readonly tag: 'which' }, readonly string[]>;

export type EventCast = { readonly tag: 'event'; readonly event: unknown };
export type EventManagerPid = ServerPid<EventCall, EventCast, unknown>;
type Manager = EventManagerPid | string;

interface Entry {
  readonly id: string;
  readonly name: string;
  readonly handler: Loose;
  state: unknown;
  /** Who added it and wants to hear of its end. */
  readonly supervisor: AnyPid | null;
}

type Loose = EventHandler<unknown, unknown, readonly unknown[]>;

interface State {
  /** The newest first. */
  entries: readonly Entry[];
}

/** One handler as `getState` shows it, and as `replaceState` takes its state; the newest first (SYS-1). */
export interface HandlerShown {
  readonly id: string;
  readonly name: string;
  readonly state: unknown;
}

/**
 * Defines an event manager from its handlers by name. Throws BadArgumentError for one that is none, RangeError for a
 * callback or an option that does not exist.
 */
export function genEvent(definition: {
  readonly label?: string;
  // biome-ignore lint/suspicious/noExplicitAny: each handler has a state and events of its own.
  readonly handlers: Readonly<Record<string, EventHandler<any, any, any>>>;
}): ServerDefinition<[], EventCall, EventCast, unknown> {
  checkEvent(definition);
  const handlers = new Map(Object.entries(definition.handlers)) as unknown as ReadonlyMap<string, Loose>;
  return genServer<State, [], EventCall, EventCast, unknown>({
    label: definition.label ?? 'genEvent',
    init(context) {
      context.trapExit(true);
      return ok({ entries: [] });
    },
    handleCall: (request, from, state, context) => {
      const manager = new EventManager(handlers, state, context);
      return reply(manager.answer(request, from) as never, state);
    },
    handleCast(message, state, context) {
      const manager = new EventManager(handlers, state, context);
      if (hasTag(message, 'event')) manager.notify(message.event);
      else manager.hear(message);
      return noReply(state);
    },
    handleInfo(message, state, context) {
      new EventManager(handlers, state, context).hear(message);
      return noReply(state);
    },
    formatStatus: ({ entries }) => entries.map(({ id, name, state }): HandlerShown => ({ id, name, state })),
    takeStatus,
    // Those that the new definition does not name stay as they are.
    codeChange: (oldVersion, state, extra, context) => ({
      entries: (state as State).entries.map((entry) => {
        const handler = handlers.get(entry.name) ?? entry.handler;
        const next = handler.codeChange?.(oldVersion, entry.state, extra, context) ?? entry.state;
        return { ...entry, handler, state: next };
      }),
    }),
    terminate(reason, state, context) {
      const manager = new EventManager(handlers, state, context);
      for (const entry of state.entries) manager.end(entry, { tag: 'stop', reason });
    },
  });
}

/** Other states for the handlers that are named; the others keep theirs. */
function takeStatus(status: unknown, state: State): State {
  const states = new Map<string, unknown>();
  for (const shown of Array.isArray(status) ? (status as (HandlerShown | null)[]) : [null]) {
    if (!state.entries.some(({ id }) => id === shown?.id) || shown === null || !('state' in shown))
      throw new TypeError(
        'the state of an event manager is replaced by a list of { id, state } of handlers that it has',
      );
    states.set(shown.id, shown.state);
  }
  return {
    entries: state.entries.map((entry) => (states.has(entry.id) ? { ...entry, state: states.get(entry.id) } : entry)),
  };
}

class EventManager {
  private readonly handlers: ReadonlyMap<string, Loose>;
  private readonly state: State;
  private readonly context: ServerContext;

  constructor(handlers: ReadonlyMap<string, Loose>, state: State, context: ServerContext) {
    this.handlers = handlers;
    this.state = state;
    this.context = context;
  }

  answer(request: EventCall, from: From): unknown {
    switch (request.tag) {
      case 'add':
        return this.add(request.spec, [], request.isSupervised ? from.caller : null);
      case 'delete':
        return answerOf(this.delete(request.id, { tag: 'delete', args: request.args }));
      case 'swap':
        return this.swap(request.id, request.spec, request.args);
      case 'call':
        return this.call(request.id, request.request);
      case 'event':
        this.notify(request.event);
        return true;
      case 'which':
        return this.state.entries.map(({ id }) => id);
    }
  }

  notify(event: unknown): void {
    for (const entry of this.state.entries)
      this.step(entry, () => entry.handler.handleEvent(event, entry.state, this.context));
  }

  hear(message: unknown): void {
    if (isExit(message)) {
      const { from, reason } = message;
      for (const entry of this.state.entries)
        if (entry.supervisor === from) this.remove(entry, { tag: 'stop', reason });
    }
    for (const entry of this.state.entries) {
      if (entry.handler.handleInfo === undefined) continue;
      this.step(entry, () => entry.handler.handleInfo?.(message, entry.state, this.context));
    }
  }

  /** Runs `terminate`, and tells who added it; what that throws is told and goes no further. */
  end({ id, handler, state, supervisor }: Entry, end: HandlerEnd): unknown {
    try {
      return handler.terminate?.(end, state, this.context);
    } catch (error) {
      this.tell(id, 'terminate', exitReasonOf(error));
      return undefined;
    } finally {
      if (supervisor !== null)
        this.context.send(supervisor as AnyPid as Pid<HandlerExit>, { tag: 'handlerExit', id, reason: end });
    }
  }

  private find(id: string): Entry | undefined {
    return this.state.entries.find((entry) => entry.id === id);
  }

  private add(
    { name, id = name, args = [] }: HandlerSpec,
    more: readonly unknown[],
    supervisor: AnyPid | null,
  ): HandlerOutcome {
    const handler = this.handlers.get(name);
    if (handler === undefined) return { ok: false, error: 'badHandler' };
    if (this.find(id) !== undefined) return { ok: false, error: 'taken' };
    try {
      const state = stateOf(handler.init(this.context, ...args, ...more));
      this.state.entries = [{ id, name, handler, state, supervisor }, ...this.state.entries];
      return { ok: true };
    } catch (error) {
      return { ok: false, error: exitReasonOf(error) };
    }
  }

  private delete(id: string, end: HandlerEnd): HandlerAnswer {
    const entry = this.find(id);
    if (entry === undefined) return { ok: false, error: 'badHandler' };
    this.state.entries = this.state.entries.filter((other) => other !== entry);
    const value = this.end(entry, end);
    return { ok: true, value };
  }

  private call(id: string, request: unknown): HandlerAnswer {
    const entry = this.find(id);
    if (entry === undefined) return { ok: false, error: 'badHandler' };
    if (entry.handler.handleCall === undefined) return { ok: false, error: 'noCalls' };
    try {
      const result = entry.handler.handleCall(request, entry.state, this.context);
      if (typeof result !== 'object' || result === null || !('reply' in result && 'state' in result))
        throw new BadArgumentError('handleCall of a handler', '{ reply, state } as its result', result);
      // An answer that is no term would end the manager when it is sent.
      const { value } = storeTerm(result.reply);
      this.become(entry, result.state);
      return { ok: true, value };
    } catch (error) {
      const reason = exitReasonOf(error);
      this.crash(entry, reason);
      return { ok: false, error: reason };
    }
  }

  private step(entry: Entry, run: () => unknown): void {
    try {
      this.become(entry, run());
    } catch (error) {
      this.crash(entry, exitReasonOf(error));
    }
  }

  private become(entry: Entry, next: unknown): void {
    if (next === REMOVE_HANDLER) this.remove(entry, { tag: 'remove' });
    else if (next instanceof HandlerSwap) {
      const outcome = this.swap(entry.id, next.spec, []);
      if (!outcome.ok) this.tell(next.spec.id ?? next.spec.name, 'init', outcome.error);
    } else entry.state = stateOf(next);
  }

  /** Another one in the place of a handler; one that does not start leaves the place empty. */
  private swap(id: string, spec: HandlerSpec, args: readonly unknown[]): HandlerOutcome {
    const supervisor = this.find(id)?.supervisor ?? null;
    const old = this.delete(id, { tag: 'swap', args });
    return this.add(spec, old.ok ? [old.value] : [], supervisor);
  }

  private crash(entry: Entry, reason: unknown): void {
    this.tell(entry.id, 'handler', reason);
    this.remove(entry, { tag: 'error', reason });
  }

  private remove(entry: Entry, end: HandlerEnd): void {
    this.state.entries = this.state.entries.filter((other) => other !== entry);
    this.end(entry, end);
  }

  private tell(id: string, what: string, reason: unknown): void {
    this.context.env.logger.log('error', 'event handler crashed', {
      manager: this.context.self.toString(),
      id,
      what,
      reason: formatReason(reason),
    });
  }
}

// ---- what can be asked of a manager

/** The answers are checked by the type of what is asked, where a name has none. */
function ask<const Q extends EventCall>(manager: Manager, request: Q): Effects<ReplyOf<EventCall, Q>> {
  return call(manager as string, request) as Effects<ReplyOf<EventCall, Q>>;
}

/** Adds a handler. Fails with `badHandler`, `taken`, or what its `init` threw. */
export function addHandler(manager: Manager, spec: HandlerSpec): Effects<HandlerOutcome> {
  checkHandlerSpec('addHandler', spec);
  return ask(manager, { tag: 'add', spec, isSupervised: false });
}

/**
 * Adds a handler that goes with the calling process, which is linked to the manager; when the handler ends in any way, the
 * caller gets a {@link HandlerExit}. What takes its place by a swap is supervised as well.
 */
export function* addSupHandler(manager: Manager, spec: HandlerSpec): Effects<HandlerOutcome> {
  checkHandlerSpec('addSupHandler', spec);
  const context = yield* currentContext();
  const pid = typeof manager === 'string' ? context.whereis(manager) : manager;
  if (pid !== undefined) context.link(pid);
  return yield* ask(manager, { tag: 'add', spec, isSupervised: true });
}

/** Removes a handler; answers what its `terminate` returned. */
export function deleteHandler(manager: Manager, id: string, ...args: readonly unknown[]): Effects<HandlerAnswer> {
  return ask(manager, { tag: 'delete', id, args });
}

/** Puts another handler in the place of one, in one step: no event is seen by both or by none of them. */
export function swapHandler(manager: Manager, id: string, spec: HandlerSpec): Effects<HandlerOutcome> {
  checkHandlerSpec('swapHandler', spec);
  return ask(manager, { tag: 'swap', id, args: [], spec });
}

/** Tells all handlers, without waiting. */
export function notify(context: Parameters<typeof cast>[0], manager: Manager, event: unknown): void {
  cast(context, manager as string, { tag: 'event', event } satisfies EventCast);
}

/** Tells all handlers and waits until all have handled it. */
export function syncNotify(manager: Manager, event: unknown): Effects<true> {
  return ask(manager, { tag: 'event', event });
}

/** Calls one handler. */
export function callHandler(manager: Manager, id: string, request: unknown): Effects<HandlerAnswer> {
  return ask(manager, { tag: 'call', id, request });
}

/** The ids of the handlers, the newest first. */
export function whichHandlers(manager: Manager): Effects<readonly string[]> {
  return ask(manager, { tag: 'which' });
}
