// Starting processes (PRC-1, LNK-6, MON-2). The caller mints the pid, so that spawning is synchronous on every placement
// and, across threads, just another ordered signal (DESIGN decision 4).
import {
  type AnyBody,
  flags,
  Links,
  type MaxMailbox,
  Monitors,
  type Priority,
  Process,
  type SpawnOptions,
  type SpawnRequest,
  type SpawnSignal,
  type Tracer,
} from '../process/index.ts';
import {
  type AnyPid,
  BadArgumentError,
  checkName,
  checkOptions,
  isMfa,
  type Mfa,
  type Origin,
  Pid,
  type Ref,
  reasonOf,
  sealTerm,
} from '../term/index.ts';
import type { Scheduler } from './scheduler.ts';
import { isAsyncFunction, isGeneratorFunction } from './slice.ts';

const ANCESTORS_MAX = 8;

/** Thrown when a function is to run on another thread (section 0-5). */
export class NotSpawnableError extends TypeError {
  override readonly name = 'NotSpawnableError';
}

/** Thrown when a scheduler is full (PRC-8). */
export class SystemLimitError extends Error {
  override readonly name = 'SystemLimitError';
}

export function spawn(
  scheduler: Scheduler,
  parent: Process | null,
  request: SpawnRequest,
): { pid: Pid<never>; ref: Ref | null } {
  const { body, args, options } = request;
  if (parent !== null && !parent.isAlive) return { pid: scheduler.nextPid(), ref: null };
  checkBody(body);
  if (!Array.isArray(args)) throw new BadArgumentError('spawn', 'an array of arguments', args);
  if (options != null) checkSpawnOptions(options);
  const placement = options?.placement ?? 'here';
  const origin = placement === 'here' ? scheduler.origin : scheduler.engine.place(placement);
  const ref = request.monitor && parent !== null ? (request.answerTo ?? parent.makeRef()) : null;
  if (origin !== scheduler.origin) return spawnElsewhere(scheduler, parent, request, origin, ref);
  if (scheduler.processes.size >= scheduler.engine.limits.processesMax) {
    throw new SystemLimitError(`this thread already runs ${scheduler.processes.size} processes`);
  }
  if (scheduler.engine.strict) for (const arg of args) if (typeof arg !== 'function') sealTerm(arg);
  const process = new Process(scheduler, scheduler.nextPid(), parent?.self ?? null, body, args);
  scheduler.processes.set(process.self.serial, process);
  if (parent !== null) tie(parent, process, request, ref);
  setPriority(process, options?.priority);
  if (options?.maxMailbox !== undefined) process.more.maxMailbox = options.maxMailbox;
  if (options?.label !== undefined) process.setLabel(options.label);
  if (scheduler.tracer !== null)
    traceSpawn(scheduler.tracer, process.self, parent?.self ?? null, request.link, ref !== null);
  begin(scheduler, process, options?.name ?? null);
  return { pid: process.self, ref };
}

/** The receiving half of a spawn from another thread. */
export function receiveSpawn(scheduler: Scheduler, signal: SpawnSignal): void {
  const pid = signal.to as Pid<unknown>;
  const process = new Process(scheduler, pid, signal.from, signal.body, signal.args);
  scheduler.processes.set(pid.serial, process);
  process.more.ancestors = signal.ancestors;
  process.more.label = signal.label;
  process.more.maxMailbox = signal.maxMailbox;
  setPriority(process, signal.priority);
  if (signal.link) {
    process.links = new Links();
    process.links.receiveLink(signal.from);
  }
  if (signal.monitor !== null) {
    process.monitors = new Monitors();
    process.monitors.watchers.set(signal.monitor, signal.from);
  }
  if (scheduler.tracer !== null) traceSpawn(scheduler.tracer, pid, signal.from, signal.link, signal.monitor !== null);
  const { processesMax } = scheduler.engine.limits;
  if (scheduler.processes.size > processesMax) {
    // Who spawned it is on another thread and has long gone on: its links and monitors say why (PRC-8).
    scheduler.terminate(process, { tag: 'systemLimit', processes: processesMax });
    return;
  }
  begin(scheduler, process, signal.name);
}

function spawnElsewhere(
  scheduler: Scheduler,
  parent: Process | null,
  request: SpawnRequest,
  origin: Origin,
  ref: Ref | null,
): { pid: Pid<never>; ref: Ref | null } {
  const { body, args, options } = request;
  if (!isMfa(body)) {
    throw new NotSpawnableError(
      'a function cannot cross threads: name the body as { module: import.meta.url, export: "name" }, or use placement "here"',
    );
  }
  const pid = scheduler.nextForeignPid(origin);
  if (parent === null) throw new NotSpawnableError('only a process can spawn on another thread');
  scheduler.sendSignal({
    kind: 'spawn',
    from: parent.self,
    to: pid,
    body: { module: body.module, export: body.export },
    args,
    link: request.link,
    monitor: ref,
    name: options?.name ?? null,
    label: options?.label ?? null,
    ancestors: [parent.self, ...parent.ancestors].slice(0, ANCESTORS_MAX),
    priority: options?.priority ?? 'normal',
    maxMailbox: options?.maxMailbox ?? null,
  });
  // Only now: arguments that are no terms throw above, and then there is no process to be tied to.
  if (request.link) {
    parent.links ??= new Links();
    parent.links.link(pid);
  }
  if (ref !== null) holdMonitor(parent, pid, ref, request);
  return { pid, ref };
}

function setPriority(process: Process, priority: Priority = 'normal'): void {
  if (priority === 'high') process.flags |= flags.PRIORITY_HIGH;
  else if (priority === 'low') process.flags |= flags.PRIORITY_LOW;
}

/** A link or a monitor that comes with the start needs no signal, and is an event like any other (TRC-1). */
function traceSpawn(tracer: Tracer, pid: AnyPid, parent: AnyPid | null, isLinked: boolean, isWatched: boolean): void {
  tracer({ kind: 'spawn', pid, ...(parent === null ? {} : { other: parent }) });
  if (parent === null) return;
  if (isLinked) tracer({ kind: 'link', pid: parent, other: pid });
  if (isWatched) tracer({ kind: 'monitor', pid: parent, other: pid });
}

function tie(parent: Process, child: Process, request: SpawnRequest, ref: Ref | null): void {
  if (request.link) {
    parent.links ??= new Links();
    parent.links.link(child.self);
    child.links = new Links();
    child.links.receiveLink(parent.self);
  }
  if (ref !== null) {
    holdMonitor(parent, child.self, ref, request);
    child.monitors = new Monitors();
    child.monitors.watchers.set(ref, parent.self);
  }
}

function holdMonitor(parent: Process, pid: AnyPid, ref: Ref, request: SpawnRequest): void {
  const alias = request.answerTo === undefined ? null : 'replyDemonitor';
  if (alias !== null) ref.slot = parent;
  parent.monitors ??= new Monitors();
  parent.monitors.held.set(ref, { target: pid, object: pid, alias, tag: null });
}

function checkBody(body: AnyBody): void {
  if (typeof body === 'function' || isMfa(body)) return;
  if (typeof body !== 'object' || body === null || typeof body.handle !== 'function') {
    throw new BadArgumentError('spawn', 'a body (a function, a handler with `handle`, or { module, export })', body);
  }
  if (isAsyncFunction(body.init))
    throw new BadArgumentError('spawn', 'a plain or a generator function as `init`', body.init);
  // The promise or the generator that it returns would be taken for the next state, and what is in it would never run.
  if (isAsyncFunction(body.handle) || isGeneratorFunction(body.handle)) {
    throw new BadArgumentError(
      'spawn',
      'a plain function as `handle` (to wait, return context.perform(...))',
      body.handle,
    );
  }
}

const PRIORITIES: readonly unknown[] = [undefined, 'high', 'normal', 'low'];

const OPTIONS: Readonly<Record<keyof SpawnOptions, true>> = {
  placement: true,
  name: true,
  label: true,
  priority: true,
  maxMailbox: true,
};

function checkSpawnOptions(options: SpawnOptions): void {
  checkOptions('spawn', options, OPTIONS);
  const { placement = 'here', name, label, priority, maxMailbox } = options;
  const isPlace =
    placement === 'here' ||
    placement === 'any' ||
    (typeof placement === 'object' &&
      placement !== null &&
      ('thread' in placement ? Number.isInteger(placement.thread) : placement.with instanceof Pid));
  if (!isPlace) {
    throw new BadArgumentError('spawn', "the placement 'here', 'any', { thread } or { with: pid }", placement);
  }
  if (name != null) checkName('spawn', name);
  if (label != null) checkName('the label of spawn', label);
  if (!PRIORITIES.includes(priority))
    throw new BadArgumentError('spawn', "the priority 'high', 'normal' or 'low'", priority);
  if (maxMailbox !== undefined) checkMaxMailbox(maxMailbox);
}

function checkMaxMailbox(maxMailbox: MaxMailbox): void {
  const { length, onOverflow } = maxMailbox ?? {};
  if (Number.isInteger(length) && length >= 1 && (onOverflow === 'exit' || onOverflow === 'drop')) return;
  throw new BadArgumentError(
    'spawn',
    "maxMailbox with a length of at least 1 and onOverflow 'exit' or 'drop'",
    maxMailbox,
  );
}

/** Loads the code, takes the name, then lets the process run. */
function begin(scheduler: Scheduler, process: Process, name: string | null): void {
  if (!isMfa(process.body)) {
    setBody(process, process.body);
    named(scheduler, process, name);
    return;
  }
  process.flags |= flags.BLOCKED;
  const mfa: Mfa = process.body;
  scheduler.load(mfa, (outcome) => {
    if (!process.isAlive) return;
    if ('error' in outcome) {
      scheduler.terminate(process, { tag: 'undef', module: mfa.module, export: mfa.export, error: outcome.error });
      return;
    }
    try {
      checkBody(outcome.body);
    } catch (error) {
      scheduler.terminate(process, reasonOf(error));
      return;
    }
    setBody(process, outcome.body);
    named(scheduler, process, name);
  });
}

function setBody(process: Process, body: AnyBody): void {
  process.body = body;
  if (isAsyncFunction(body)) process.flags |= flags.ASYNC;
}

function named(scheduler: Scheduler, process: Process, name: string | null): void {
  const run = () => {
    process.flags &= ~flags.BLOCKED;
    scheduler.schedule(process);
  };
  if (name === null) {
    run();
    return;
  }
  process.flags |= flags.BLOCKED;
  scheduler.register(name, process.self, (result) => {
    if (!process.isAlive) return;
    if (result.ok) run();
    else scheduler.terminate(process, { tag: result.error, name, owner: scheduler.whereis(name) ?? null });
  });
}
