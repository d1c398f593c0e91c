// Interprets the scripts of program.ts on Warren, step by step as the Erlang module beside it does, and writes down the
// same lines. Where a step could be preempted a pause stands, as often as the seed of the run says.

import { CallError, cast, stopServer, tryCall } from '../../src/behaviours/index.ts';
import {
  type Context,
  type Effects,
  isDown,
  isExit,
  isProcessAlive,
  type Process,
  pause,
  receive,
  register,
  unregister,
} from '../../src/process/index.ts';
import { type AnyPid, formatReason, hasTag, Pid, type Ref, type ShutdownReason } from '../../src/term/index.ts';
import type { Quirk } from './intended.ts';
import type { Match, Op, Program, Reason, Wait } from './program.ts';
import { itemsOf, type ScriptedPid, startWork } from './servers.ts';
import { askSupervisor } from './supervisors.ts';

/** The unit of time; far above what anything else takes in virtual time. */
export const UNIT_MS = 100;

/** What one run of a program writes down, and what its processes share without knowing. */
export class World {
  readonly program: Program;
  /** How likely a pause is between two steps. */
  readonly pauses: number;
  /** The intended difference that is played here as Erlang plays it, if any. */
  readonly asErlang: Quirk | null;
  readonly labels = new Map<AnyPid, string>();
  readonly lines = new Map<string, string[]>();
  /** How often each supervised child was started. */
  readonly starts = new Map<string, number>();

  constructor(program: Program, pauses: number, asErlang: Quirk | null) {
    this.program = program;
    this.pauses = pauses;
    this.asErlang = asErlang;
  }

  log(label: string, items: readonly unknown[]): void {
    const line = items.map((item) => this.show(item)).join(' ');
    const list = this.lines.get(label);
    if (list === undefined) this.lines.set(label, [line]);
    else list.push(line);
  }

  /** A value as the Erlang side prints it. */
  show(value: unknown): string {
    if (value instanceof Pid) return this.labels.get(value) ?? '?';
    if (value === undefined) return 'undefined';
    if (hasTag(value, 'error')) return 'error';
    if (hasTag(value, 'shutdown')) return this.showStart((value as ShutdownReason).detail);
    return typeof value === 'object' ? formatReason(value) : String(value);
  }

  /** Why a supervisor did not start. */
  private showStart(detail: unknown): string {
    const { id, reason } = detail as { id: string; reason: unknown };
    return `failed ${id} ${this.show(reason)}`;
  }

  *outcome(): Effects<string> {
    const alive = new Set<string>();
    for (const [pid, label] of this.labels) if (yield* isProcessAlive(pid)) alive.add(label);
    const labels = [...new Set([...this.labels.values(), ...this.lines.keys()])].sort(byNumbers);
    const parts = labels.map((label) => {
      const sign = alive.has(label) ? '+' : '-';
      return `${label}${sign}[${(this.lines.get(label) ?? []).join(';')}]`;
    });
    return parts.join(' ');
  }
}

/** `2` before `2.1` before `10`, as Erlang sorts pairs of numbers. */
function byNumbers(a: string, b: string): number {
  const [a1, a2 = 0] = a.split('.').map(Number);
  const [b1, b2 = 0] = b.split('.').map(Number);
  return a1 - b1 || a2 - b2;
}

interface Told {
  readonly tag: 'tell';
  readonly about: number;
  readonly pid: AnyPid;
  readonly from: AnyPid;
}

/** One process that runs a script: what it knows, and what it holds. */
export class Role {
  readonly world: World;
  readonly label: string;
  readonly context: Context<unknown>;
  known: Map<number, AnyPid>;
  readonly monitors = new Map<number, Ref>();
  readonly timers = new Map<number, Ref>();
  /** For the intended difference `selfExitLater`: exit signals to itself that it has not received yet. */
  owed: Reason[] = [];

  constructor(world: World, label: string, context: Context<unknown>, known: ReadonlyMap<number, AnyPid>) {
    this.world = world;
    this.label = label;
    this.context = context;
    this.known = new Map(known);
    world.labels.set(context.self, label);
  }

  log(...items: readonly unknown[]): void {
    this.world.log(this.label, items);
  }

  with(role: number, run: (pid: Pid<unknown>) => void): void {
    const pid = this.known.get(role);
    if (pid !== undefined) run(pid as Pid<unknown>);
  }

  *rest(): Effects<void> {
    const { pauses } = this.world;
    if (pauses === 1 || (pauses > 0 && this.context.random() < pauses)) yield* pause();
  }

  exitTo(pid: Pid<unknown>, reason: Reason): void {
    if (pid === this.context.self && this.world.asErlang === 'selfExitLater') this.owed.push(reason);
    else this.context.exit(pid, reason);
  }

  receiveOwed(): void {
    for (const reason of this.owed.splice(0)) this.context.exit(this.context.self, reason);
  }

  slotOf(ref: Ref): number | 'lost' {
    for (const [slot, held] of this.monitors) if (held === ref) return slot;
    return 'lost';
  }
}

/** The main process. */
export function* main(world: World, context: Context<unknown>): Effects<void> {
  yield* script(world, 0, context, new Map());
}

function* script(
  world: World,
  number: number,
  context: Context<unknown>,
  known: ReadonlyMap<number, AnyPid>,
): Effects<void> {
  const role = new Role(world, String(number), context, known);
  role.known.set(number, context.self);
  const { roles, isGated } = world.program;
  if (isGated && number > 0) {
    const go = yield* receive((message): message is { known: [number, AnyPid][] } => hasTag(message, 'go'));
    role.known = new Map(go.known);
  }
  const { work } = roles[number];
  if (work.kind !== 'script') return;
  if (isGated && number === 0) yield* gate(role);
  for (const op of work.script) {
    yield* role.rest();
    if (role.owed.length > 0 && (op[0] === 'recv' || context.random() < 0.5)) role.receiveOwed();
    yield* step(role, op);
  }
  role.receiveOwed();
  // What is under way may still come before the process has ended.
  yield* role.rest();
}

function* gate(role: Role): Effects<void> {
  const numbers = role.world.program.roles.flatMap(({ work }, number) =>
    number > 0 && work.kind === 'script' ? [number] : [],
  );
  for (const number of numbers) {
    yield* role.rest();
    yield* step(role, ['spawn', number]);
  }
  const message = { tag: 'go', known: [...role.known] };
  for (const number of numbers) role.with(number, (pid) => role.context.send(pid, message));
}

/** One step of a script. */
export function* step(role: Role, op: Op): Effects<void> {
  const { context } = role;
  switch (op[0]) {
    case 'spawn':
      return yield* spawn(role, op[1]);
    case 'send':
      return role.with(op[1], (pid) => context.send(pid, { tag: 'm', k: op[2], from: context.self }));
    case 'send_name': {
      const isSent = context.trySend(nameOf(op[1]), { tag: 'm', k: op[2], from: context.self });
      return role.log('send_name', op[1], isSent ? 'ok' : 'badarg');
    }
    case 'tell':
      return role.with(op[1], (to) =>
        role.with(op[2], (pid) => context.send(to, { tag: 'tell', about: op[2], pid, from: context.self })),
      );
    case 'recv':
      return seen(role, yield* receive(matcherOf(op[1]), { afterMs: msOf(op[2]) }));
    case 'link':
      return role.with(op[1], (pid) => context.link(pid));
    case 'unlink':
      return role.with(op[1], (pid) => context.unlink(pid));
    case 'exit':
      return context.exit(op[1]);
    case 'exit_to':
      return role.with(op[1], (pid) => role.exitTo(pid, op[2]));
    case 'crash':
      throw new Error('boom');
    case 'trap':
      return role.log('trap', context.trapExit(op[1]));
    case 'alive': {
      const pid = role.known.get(op[1]);
      if (pid === undefined) return;
      const isGone = role.world.asErlang === 'deadBeforeExit' && pid.target === null && context.random() < 0.5;
      role.log('alive', op[1], isGone ? false : yield* isProcessAlive(pid));
      return;
    }
    default:
      return yield* held(role, op);
  }
}

/** The steps about monitors, names and timers. */
function* held(role: Role, op: Op): Effects<void> {
  const { context, monitors, timers } = role;
  switch (op[0]) {
    case 'monitor':
      return role.with(op[1], (pid) => void monitors.set(op[2], context.monitor(pid)));
    case 'monitor_name':
      monitors.set(op[2], context.monitor(nameOf(op[1])));
      return;
    case 'demonitor': {
      const ref = monitors.get(op[1]);
      if (ref !== undefined) role.log('demonitor', op[1], demonitor(role, ref, op[2]));
      return;
    }
    case 'register': {
      const pid = role.known.get(op[2]);
      if (pid === undefined) return;
      const { ok } = yield* register(nameOf(op[1]), pid as Pid<never>);
      return role.log('register', op[1], ok ? 'ok' : 'badarg');
    }
    case 'unregister':
      return role.log('unregister', op[1], (yield* unregister(nameOf(op[1]))) ? 'ok' : 'badarg');
    case 'whereis':
      return role.log('whereis', op[1], context.whereis(nameOf(op[1])));
    case 'send_after':
      return role.with(op[2], (pid) => void timers.set(op[4], context.sendAfter(msOf(op[1]), pid, timed(op[3]))));
    case 'send_after_name':
      timers.set(op[4], context.sendAfter(msOf(op[1]), nameOf(op[2]), timed(op[3])));
      return;
    case 'cancel': {
      const ref = timers.get(op[1]);
      if (ref !== undefined) role.log('cancel', op[1], context.cancelTimer(ref) !== false);
      return;
    }
    default:
      return yield* ask(role, op);
  }
}

/** The steps that ask a server. */
function* ask(role: Role, op: Op): Effects<void> {
  switch (op[0]) {
    case 'call': {
      const pid = role.known.get(op[1]);
      if (pid === undefined) return;
      const outcome = yield* tryCall(pid as ScriptedPid, { k: op[2] }, msOf(op[3]));
      return outcome.ok ? role.log('reply', op[1], outcome.value) : role.log('call_failed', op[1], outcome.error);
    }
    case 'cast':
      return role.with(op[1], (pid) => cast(role.context, pid as ScriptedPid, { k: op[2] }));
    case 'stop': {
      const pid = role.known.get(op[1]);
      if (pid === undefined || pid === role.context.self) return;
      try {
        yield* stopServer(pid, op[2], msOf(op[3]));
        const isRefused = role.world.asErlang === 'stopSaysSo' && role.context.random() < 0.5;
        if (isRefused) role.log('stop_failed', op[1], op[2]);
        else role.log('stopped', op[1], 'ok');
      } catch (error) {
        if (!(error instanceof CallError)) throw error;
        role.log('stop_failed', op[1], error.reason.reason);
      }
      return;
    }
    case 'sup': {
      const [, to, request] = op;
      const pid = role.known.get(to);
      const { work } = role.world.program.roles[to];
      if (pid !== undefined && work.kind === 'supervisor') yield* askSupervisor(role, pid, to, work, request);
    }
  }
}

const LOOK_MAX = 1_000;

function demonitor(role: Role, ref: Ref, flush: boolean): boolean {
  const { context, world } = role;
  const isLate = world.asErlang === 'lateNoproc' && context.random() < 0.5;
  const isNoproc = (message: unknown) => isDown(message, ref) && message.reason === 'noproc';
  if (!isLate || !(context as Process).mailbox.peek(LOOK_MAX).some(isNoproc)) return context.demonitor(ref, { flush });
  context.demonitor(ref, { flush: true });
  return true;
}

function* spawn(role: Role, number: number): Effects<void> {
  const { context, world } = role;
  const { spawn: kind, work } = world.program.roles[number];
  if (work.kind !== 'script') return yield* startWork(role, number, work);
  const known = new Map(role.known);
  const body = (child: Context<unknown>): Effects<unknown> => script(world, number, child, known);
  let pid: AnyPid;
  if (kind[0] === 'plain') pid = context.spawn(body);
  else if (kind[0] === 'link') pid = context.spawnLink(body);
  else {
    const spawned = context.spawnMonitor(body);
    role.monitors.set(kind[1], spawned.ref);
    pid = spawned.pid;
  }
  world.labels.set(pid, String(number));
  role.known.set(number, pid);
}

const nameOf = (name: number) => `n${name}`;
const timed = (k: number) => ({ tag: 'm', k, from: 'timer' });

/** The virtual ms of a wait. */
export function msOf(wait: Wait): number {
  if (wait[0] === 'poll') return 0;
  return wait[0] === 'infinity' ? Number.POSITIVE_INFINITY : UNIT_MS * 2 ** wait[1];
}

function matcherOf(match: Match): (message: unknown) => boolean {
  switch (match[0]) {
    case 'any':
      return () => true;
    case 'number':
      return (message) => hasTag(message, 'm') && (message as { k: number }).k === match[1];
    case 'exit':
      return isExit;
    case 'down':
      return (message) => isDown(message);
    case 'never':
      return () => false;
  }
}

/** Writes down what a receive came to. */
function seen(role: Role, message: unknown): void {
  if (isDown(message)) role.log('down', role.slotOf(message.ref), message.object, message.reason);
  else if (hasTag(message, 'tell')) {
    const { about, pid, from } = message as Told;
    role.known.set(about, pid);
    role.log('tell', about, 'from', from);
  } else role.log(...itemsOf(message));
}
