// The servers of the programs on Warren: gen-servers that do what their plan says and write down what they see, as the
// Erlang module warren_server does.
import {
  type CallResult,
  type CastResult,
  type From,
  genServer,
  type InitResult,
  ignore,
  noReply,
  ok,
  type Request,
  reply,
  replyTo,
  type ServerDefinition,
  type ServerPid,
  type StartResult,
  start,
  startLink,
  stop,
} from '../../src/behaviours/index.ts';
import { type Context, type Effects, isExit, pause, TIMEOUT } from '../../src/process/index.ts';
import { type AnyPid, hasTag } from '../../src/term/index.ts';
import type { Role, World } from './interpreter.ts';
import type { InitPlan, Reaction, Reason, Server, Work } from './program.ts';
import { supervising } from './supervisors.ts';

type Ask = Request<{ readonly k: number }, number | 'late'>;
interface Told {
  readonly k: number;
}

/** A server that takes requests by number. */
export type ScriptedPid = ServerPid<Ask, Told>;
export type Scripted = ServerDefinition<readonly [], Ask, Told, unknown>;

/** What one start of a server does: its init, and whether it ends by itself just after. */
export interface Life {
  readonly label: string;
  readonly init: InitPlan;
  readonly dies: Reason | null;
  /** For a supervised child: writes into the lines of its supervisor. */
  readonly note: ((...items: readonly unknown[]) => void) | null;
}

interface State {
  readonly life: Life;
  readonly context: Context<unknown>;
  readonly log: (...items: readonly unknown[]) => void;
  /** Whom to answer with the next request. */
  readonly caller: From | null;
}

/** Defines a server. `lifeOf` is asked once for each start. */
export function scripted(world: World, { traps, reactions }: Server, lifeOf: () => Life): Scripted {
  return genServer<State, readonly [], Ask, Told, unknown>({
    init: (context) => initialize(world, traps, lifeOf(), context),
    handleCall(request, from, before) {
      before.log('call', request.k, 'from', from.caller);
      const state = answerLate(before);
      return called(reactions[request.k], request.k, from, state);
    },
    handleCast(message, before) {
      before.log('cast', message.k);
      return told(reactions[message.k], answerLate(before));
    },
    handleInfo(message, state) {
      state.log(...itemsOf(message));
      return noReply(state);
    },
    *handleContinue(reason, state) {
      // Whoever was told that the server has started may be faster.
      if (state.context.random() < world.pauses) yield* pause();
      state.log('continue');
      return stop(reason, state);
    },
    terminate(reason, { life, log }) {
      if (life.note === null) log('terminate', reason);
      else life.note('ended', reason);
    },
  });
}

function initialize(world: World, traps: boolean, life: Life, context: Context<unknown>): InitResult<State> {
  const { label, init, dies, note } = life;
  world.labels.set(context.self, label);
  note?.('begun');
  context.trapExit(traps);
  const state: State = { life, context, log: (...items) => world.log(label, items), caller: null };
  if (init[0] === 'ignore') return ignore();
  if (init[0] === 'stop') return stop(init[1]);
  if (init[0] === 'crash') throw new Error('boom');
  return dies === null ? ok(state) : ok(state, { continue: dies });
}

function called(reaction: Reaction, k: number, from: From, state: State): CallResult<number, State> {
  switch (reaction[0]) {
    case 'reply':
      return reply(k, state);
    case 'later':
      return noReply({ ...state, caller: from });
    case 'stop_reply':
      return stop(reaction[1], state, k);
    case 'continue_stop':
      return reply(k, state, { continue: reaction[1] });
    default:
      return plainly(reaction, state);
  }
}

function told(reaction: Reaction, state: State): CastResult<State> {
  if (reaction[0] === 'stop_reply') return stop(reaction[1], state);
  if (reaction[0] === 'continue_stop') return noReply(state, { continue: reaction[1] });
  return plainly(reaction, state);
}

function plainly(reaction: Reaction, state: State): CastResult<State> {
  switch (reaction[0]) {
    case 'stop':
      return stop(reaction[1], state);
    case 'exit':
      return state.context.exit(reaction[1]);
    case 'crash':
      throw new Error('boom');
    default:
      return noReply(state);
  }
}

function answerLate(state: State): State {
  if (state.caller === null) return state;
  replyTo(state.context, state.caller, 'late');
  return { ...state, caller: null };
}

/** Starts what is not a script, and writes down what came of it. */
export function* startWork(role: Role, number: number, work: Exclude<Work, { kind: 'script' }>): Effects<void> {
  const { world } = role;
  const life: Life = { label: String(number), init: ['ok'], dies: null, note: null };
  let started: StartResult<never>;
  if (work.kind === 'supervisor') started = yield* startLink(supervising(world, number, work));
  else {
    const definition = scripted(world, work.server, () => ({ ...life, init: work.init }));
    started = yield* work.isLinked ? startLink(definition) : start(definition);
  }
  if (started.ok) role.known.set(number, started.pid);
  role.log('start', number, started.ok ? 'ok' : hasTag(started.error, 'ignored') ? 'ignored' : started.error);
}

interface Seen {
  readonly about?: number;
  readonly k?: number;
  readonly from: AnyPid | From;
  readonly reason?: unknown;
  readonly request?: Told;
  readonly message?: Told;
}

/** What a process writes down of a message, apart from DOWNs. */
export function itemsOf(message: unknown): readonly unknown[] {
  if (message === TIMEOUT) return ['timeout'];
  if (isExit(message)) return ['exit', message.from, message.reason];
  const { about, k, from, reason, request, message: inner } = message as Seen;
  if (hasTag(message, 'tell')) return ['tell', about, 'from', from];
  if (hasTag(message, '$call')) return ['call', request?.k, 'from', (from as From).caller];
  if (hasTag(message, '$cast')) return ['cast', inner?.k];
  if (hasTag(message, '$stop')) return ['stop', reason];
  return ['m', k, 'from', from];
}
