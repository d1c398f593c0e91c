// A running system: one object that owns every process, thread, timer and socket, is started, and is stopped (APP-1).
// Nothing is global; after `stop()` nothing is left and Node exits by itself.
import {
  type AnyBody,
  type AsyncBody,
  type AsyncContext,
  type Body,
  type Context,
  checkWait,
  type DownMessage,
  type Effects,
  ExitError,
  isDown,
  isExit,
  NoProcessError,
  type Process,
  receive,
  type SpawnOptions,
} from '../process/index.ts';
import {
  type AnyPid,
  BadArgumentError,
  checkFunction,
  checkOptions,
  formatReason,
  hasTag,
  isClean,
  type Mfa,
  Pid,
  type Ref,
} from '../term/index.ts';
import type { EngineHandle } from './engine-handle.ts';
import { hasLeaks, type Leaks } from './leaks.ts';

/**
 * What the root process is asked to do. Functions are fine here: the root never leaves the embedder's thread. A class,
 * because anybody may send to the root, and nobody else can make one of these.
 */
class Work {
  readonly body: (context: Context<unknown>) => Effects<unknown>;
  readonly done: (outcome: { readonly value: unknown } | { readonly error: unknown }) => void;

  constructor(body: Work['body'], done: Work['done']) {
    this.body = body;
    this.done = done;
  }
}

interface RootState {
  /** Processes the embedder started, in order; stopped in reverse. */
  readonly children: Set<AnyPid>;
  readonly runs: Map<Ref, (reason: unknown) => void>;
}

export interface StopOptions {
  /** How long each child may take to shut down before it is killed. Default 5,000 ms. */
  readonly shutdownMs?: number;
}

/** Thrown by `stop` when something is left, which is a bug in Warren. */
export class LeakError extends Error {
  override readonly name = 'LeakError';
  readonly leaks: readonly Leaks[];
  constructor(leaks: readonly Leaks[]) {
    super(`the stopped system still holds ${JSON.stringify(leaks)}`);
    this.leaks = leaks;
  }
}

/** Thrown for a system whose root process was killed: it can only be stopped. */
export class SystemEndedError extends Error {
  override readonly name = 'SystemEndedError';
  constructor() {
    super('the root process of the system was killed: stop the system');
  }
}

/** How long each child may take to shut down unless `stop` says otherwise. */
const SHUTDOWN_MS = 5_000;

export class System implements AsyncDisposable {
  readonly engine: EngineHandle;
  private readonly root: Process;
  private readonly tell: (message: unknown) => void;
  private readonly state: RootState = { children: new Set(), runs: new Map() };
  /** Work that the root has not done yet, with what tells its asker that it never will. */
  private readonly waiting = new Set<(error: Error) => void>();
  private stopping: Promise<void> | null = null;

  constructor(engine: EngineHandle) {
    this.engine = engine;
    const { pid } = engine.scheduler.spawn(null, {
      body: { label: 'system', init: initRoot, handle: handleRoot },
      args: [this.state],
      options: { label: 'system' },
      link: false,
      monitor: false,
    });
    this.root = pid.target as Process;
    this.root.own({ close: () => this.rootEnded() });
    this.tell = this.root.inlet() as (message: unknown) => void;
  }

  /** The root process: parent of everything the embedder starts. */
  get self(): Pid<unknown> {
    return this.root.self;
  }

  /** Starts a process from outside. It is shut down, newest first, when the system stops. */
  spawn<Q, A extends readonly unknown[]>(body: Body<Q, A>, args?: A, options?: SpawnOptions): Pid<Q>;
  spawn<Q = unknown>(body: Mfa, args?: readonly unknown[], options?: SpawnOptions): Pid<Q>;
  spawn(body: AnyBody, args: readonly unknown[] = [], options?: SpawnOptions): Pid<never> {
    this.checkRunning();
    const { pid } = this.root.spawnMonitor(body as Mfa, args, options);
    this.state.children.add(pid);
    return pid;
  }

  /** Sends a message from outside. Throws NoProcessError for a name nobody has. */
  send<M>(to: Pid<M>, message: M): void;
  send(to: Ref | string, message: unknown): void;
  send(to: AnyPid | Ref | string, message: unknown): void {
    this.checkRunning();
    const target = typeof to === 'string' ? this.engine.scheduler.whereis(to) : to;
    if (target === undefined && typeof to === 'string') throw new NoProcessError(to);
    this.engine.scheduler.sendMessage(null, target as AnyPid | Ref, message);
  }

  whereis(name: string): AnyPid | undefined {
    return this.engine.scheduler.whereis(name);
  }

  /** What the processes of all threads have counted (`context.env.metrics`), by name. */
  metrics(): Readonly<Record<string, number>> {
    return this.engine.metrics();
  }

  /** Sends an exit signal from outside (EXI-2). */
  exit(to: AnyPid, reason: unknown): void {
    this.root.exit(to, reason);
  }

  /**
   * Runs `body` as a process of its own and resolves with what it returns.
   * Rejects with ExitError when the process ends with another reason than a return.
   */
  run<T>(body: (context: Context<unknown>) => Effects<T>): Promise<T>;
  run<T>(body: (context: AsyncContext<unknown>) => Promise<T>): Promise<T>;
  run<T>(body: EffectsBody | AsyncBody<unknown, []>): Promise<T> {
    this.checkRunning();
    checkFunction('run', body);
    return new Promise<T>((resolve, reject) => {
      let value: T | undefined;
      const keep = (result: unknown) => {
        value = result as T;
      };
      const { ref } = this.root.spawnMonitor(isAsyncBody(body) ? runAsync(body, keep) : runEffects(body, keep));
      this.state.runs.set(ref, (reason) => {
        if (reason === 'normal') resolve(value as T);
        else reject(endOf(reason));
      });
    });
  }

  /**
   * Performs effects in the root process, one after the other: the way to start a supervisor or a server that belongs
   * to the system, since what is linked to the root lives as long as the system.
   */
  perform<T>(body: (context: Context<unknown>) => Effects<T>): Promise<T> {
    this.checkRunning();
    checkFunction('perform', body);
    return this.ask(body) as Promise<T>;
  }

  /** Shuts everything down in reverse order of starting, then ends the threads; throws LeakError if something is left. */
  stop(options: StopOptions = {}): Promise<void> {
    checkOptions('stop', options, { shutdownMs: true });
    const { shutdownMs = SHUTDOWN_MS } = options;
    checkWait(shutdownMs);
    this.stopping ??= this.stopNow(shutdownMs);
    return this.stopping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private async stopNow(shutdownMs: number): Promise<void> {
    const { scheduler } = this.engine;
    await this.shutDownOrderly(shutdownMs);
    for (const process of [...scheduler.processes.values()]) scheduler.terminate(process, 'killed');
    const leaks = (await this.engine.stop()).filter(hasLeaks);
    if (leaks.length > 0) throw new LeakError(leaks);
  }

  /** Everything that ends in order ends here; what is left when it cannot is killed by the caller. */
  private async shutDownOrderly(shutdownMs: number): Promise<void> {
    let hasBegun = false;
    const begin = (context: Context<unknown>): Effects<void> => {
      hasBegun = true;
      return shutDown(context, this.state, shutdownMs);
    };
    // The root may be held by work that never ends: then it is killed, and with it whoever waits for that work.
    const timer = this.engine.scheduler.startReceiveTimer(shutdownMs, () => {
      if (!hasBegun) this.engine.scheduler.terminate(this.root, 'killed');
    });
    // It fails only because the root has ended, and then there is nobody who could end the others in order.
    await this.ask(begin).catch(() => {});
    this.engine.scheduler.cancelReceiveTimer(timer);
  }

  private ask(body: Work['body']): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (!this.root.isAlive) throw new SystemEndedError();
      this.waiting.add(reject);
      const done: Work['done'] = (outcome) => {
        this.waiting.delete(reject);
        if ('error' in outcome) reject(outcome.error);
        else resolve(outcome.value);
      };
      this.tell(new Work(body, done));
    });
  }

  /** The root was killed: nobody is left to answer those who wait. */
  private rootEnded(): void {
    for (const fail of this.waiting) fail(new SystemEndedError());
    this.waiting.clear();
    for (const finish of this.state.runs.values()) finish('killed');
    this.state.runs.clear();
  }

  private checkRunning(): void {
    if (this.stopping !== null) throw new Error('the system is stopped');
    if (!this.root.isAlive) throw new SystemEndedError();
  }
}

/** The end of a process as an error; what its body threw is the cause, with the stack that it had. */
function endOf(reason: unknown): ExitError {
  const error = new ExitError(reason, `the process ended: ${formatReason(reason)}`);
  if (!hasTag(reason, 'error')) return error;
  const { name, message, stack } = (reason as { error?: Partial<Error> }).error ?? {};
  const cause = new Error(message);
  Object.assign(cause, { name });
  if (stack !== undefined) cause.stack = stack;
  error.cause = cause;
  return error;
}

function isEffects(value: unknown): value is Effects<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value && 'next' in value;
}

type EffectsBody = (context: Context<unknown>) => Effects<unknown>;

function isAsyncBody(body: EffectsBody | AsyncBody<unknown, []>): body is AsyncBody<unknown, []> {
  return body.constructor.name === 'AsyncFunction';
}

function runAsync(body: AsyncBody<unknown, []>, keep: (result: unknown) => void): AsyncBody<unknown, []> {
  return async (context) => keep(await body(context));
}

function runEffects(body: EffectsBody, keep: (result: unknown) => void) {
  return function* run(context: Context<unknown>): Effects<void> {
    const effects: unknown = body(context);
    if (!isEffects(effects))
      throw new BadArgumentError('run', 'a generator (of a function*) or a promise from its function', effects);
    keep(yield* effects);
  };
}

function initRoot(context: Context<unknown>, state: RootState): RootState {
  context.trapExit(true);
  return state;
}

function handleRoot(state: RootState, message: unknown, context: Context<unknown>): RootState {
  if (message instanceof Work) return context.perform(work(context, state, message));
  if (isDown(message)) downRoot(state, message);
  else if (isExit(message) && message.from instanceof Pid) {
    state.children.delete(message.from);
    if (!isClean(message.reason)) {
      context.env.logger.log('error', 'a root child ended', {
        pid: message.from.toString(),
        reason: formatReason(message.reason),
      });
    }
  } else context.env.logger.log('warning', 'unexpected message', { pid: 'system', text: formatReason(message) });
  return state;
}

function downRoot(state: RootState, message: DownMessage): void {
  state.children.delete(message.object as AnyPid);
  state.runs.get(message.ref)?.(message.reason);
  state.runs.delete(message.ref);
}

function* work(context: Context<unknown>, state: RootState, { body, done }: Work): Effects<RootState> {
  try {
    done({ value: yield* body(context) });
  } catch (error) {
    done({ error });
  }
  const process = context as Process;
  for (const pid of process.links?.active() ?? []) state.children.add(pid);
  return state;
}

function* shutDown(context: Context<unknown>, state: RootState, shutdownMs: number): Effects<void> {
  for (const pid of [...state.children].reverse()) {
    const ref = context.monitor(pid);
    context.exit(pid, 'shutdown');
    const isItsDown = (message: unknown) => isDown(message, ref);
    const down = yield* receive(isItsDown, { afterMs: shutdownMs });
    if (typeof down === 'symbol') {
      context.exit(pid, 'kill');
      yield* receive(isItsDown);
    }
  }
  for (const finish of state.runs.values()) finish('killed');
  state.runs.clear();
}
