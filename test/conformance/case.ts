// What a conformance case is, and what its body sees. A case is written once and runs on every engine: its body runs in
// a process, uses the public context only, and starts every process through `t`, so that the engine's runner decides
// where it lives. Order is asserted by messages; a wait that is never answered ends in an error, not in a hang.
import {
  type Context,
  type DownMessage,
  type Effects,
  isDown,
  isProcessAlive,
  receive,
  TIMEOUT,
} from '../../src/process/index.ts';
import { type AnyPid, formatReason, type Mfa, type Pid, type Ref } from '../../src/term/index.ts';
import { type Command, PUPPET, type Told } from '../actors/puppet.ts';
import { CheckError, show } from './check.ts';
import { type PlacedOptions, type Plan, place } from './plan.ts';

export type EngineName = 'simulation' | 'single-thread' | 'threads';

/** One case. Its title begins with the row of the semantics digest that it shows. */
export interface Case {
  readonly title: string;
  /** Numbers in the digest's list of edge cases (section 9) that it shows. */
  readonly edges?: readonly number[];
  /** Starts async bodies. */
  readonly isAsync?: boolean;
  /** Promises only something about a fair scheduler: the simulator must not deviate from FIFO. */
  readonly needsFairness?: boolean;
  /** The engines it can run on, when not all; the title then says why. */
  readonly engines?: readonly EngineName[];
  run(t: CaseContext): Effects<unknown>;
}

/** The options of a spawn that a case may give; the placement is not its business. */
export type CaseSpawnOptions = Omit<PlacedOptions, 'placement'>;

/** How long a case waits for what must come. */
const WAIT_MS = 8_000;

let names = 0;

export class CaseContext {
  readonly context: Context<unknown>;
  readonly plan: Plan;
  /** Everything this case has started by itself, for the end. */
  readonly started: AnyPid[] = [];
  /** Those of them that the case spawned itself, where the plan says. */
  readonly placed: AnyPid[] = [];

  constructor(context: Context<unknown>, plan: Plan) {
    this.context = context;
    this.plan = plan;
  }

  spawn(body: Mfa, args: readonly unknown[] = [], options?: CaseSpawnOptions): Pid<unknown> {
    return this.own(this.context.spawn(body, args, this.options(options)));
  }

  spawnLink(body: Mfa, args: readonly unknown[] = [], options?: CaseSpawnOptions): Pid<unknown> {
    return this.own(this.context.spawnLink(body, args, this.options(options)));
  }

  spawnMonitor(body: Mfa, args: readonly unknown[] = [], options?: CaseSpawnOptions): { pid: Pid<unknown>; ref: Ref } {
    const { pid, ref } = this.context.spawnMonitor(body, args, this.options(options));
    return { pid: this.own(pid), ref };
  }

  /** Options with the placement of the next process; for starts that are not one of the three above. */
  options<O extends object>(options?: O): O & PlacedOptions {
    return { ...(options as O), ...place(this.plan, this.context.self) };
  }

  /** Notes a process that was started in another way, so that it ends with the case. */
  kept<P extends AnyPid>(pid: P): P {
    this.started.push(pid);
    return pid;
  }

  private own<P extends AnyPid>(pid: P): P {
    this.placed.push(pid);
    return this.kept(pid);
  }

  /** Starts a puppet, see test/actors/puppet.ts. */
  puppet(options?: CaseSpawnOptions): Pid<unknown> {
    return this.spawn(PUPPET, [], options);
  }

  puppets<N extends number>(count: N): Pid<unknown>[] {
    return Array.from({ length: count }, () => this.puppet());
  }

  /** A name that no other case uses. */
  name(text: string): string {
    return `${text}-${this.context.self}-${++names}`;
  }

  /** Tells a puppet to do something, without waiting. */
  tell(puppet: Pid<unknown>, command: Command): void {
    this.context.send(puppet, { tag: '$do', command, answerTo: null } satisfies Told);
  }

  /** Tells a puppet to do something and waits for its answer; throws when it dies of it. */
  *ask<T = unknown>(puppet: Pid<unknown>, command: Command): Effects<T> {
    const { context } = this;
    const ref = context.monitor(puppet, { alias: 'replyDemonitor' });
    context.send(puppet, { tag: '$do', command, answerTo: ref } satisfies Told);
    const isAnswer = (message: unknown): message is { ref: Ref; value: T } | DownMessage =>
      (message as { ref?: unknown } | null)?.ref === ref;
    const answer = yield* receive(isAnswer, { afterMs: WAIT_MS, ref });
    if (answer === TIMEOUT) throw new CheckError(`${puppet} did not answer '${command.do}' in ${WAIT_MS} ms`);
    if ('value' in answer) return answer.value;
    throw new CheckError(`${puppet} ended with ${formatReason(answer.reason)} instead of answering '${command.do}'`);
  }

  /** Several commands, done by the puppet in one go; their answers. */
  *askAll(puppet: Pid<unknown>, ...commands: readonly Command[]): Effects<unknown[]> {
    return yield* this.ask(puppet, { do: 'all', commands });
  }

  /** The next message, or the next that `match` accepts; throws when none comes. */
  *next<T = unknown>(what: string, match?: (message: unknown) => boolean): Effects<T> {
    const message = yield* receive<unknown>(match as (message: unknown) => message is unknown, { afterMs: WAIT_MS });
    if (message === TIMEOUT) throw new CheckError(`${what} did not come in ${WAIT_MS} ms`);
    return message as T;
  }

  /** The reason in the DOWN of that monitor. */
  *down(ref: Ref): Effects<unknown> {
    return (yield* this.next<DownMessage>(`DOWN of ${ref}`, (message) => isDown(message, ref))).reason;
  }

  /** Monitors a process whose end others will cause: returns when the monitor is in place. */
  *watch(pid: AnyPid): Effects<Ref> {
    const ref = this.context.monitor(pid);
    yield* isProcessAlive(pid);
    return ref;
  }

  /** Monitors several, see `watch`. */
  *watchAll(pids: readonly AnyPid[]): Effects<Ref[]> {
    const refs: Ref[] = [];
    for (const pid of pids) refs.push(yield* this.watch(pid));
    return refs;
  }

  /** The death of a process: its reason, or noproc when it had died before. */
  *death(pid: AnyPid): Effects<unknown> {
    return yield* this.down(this.context.monitor(pid));
  }

  /** Tells a puppet to do something of which it dies; its reason. */
  *lastAct(puppet: Pid<unknown>, command: Command): Effects<unknown> {
    const ref = this.context.monitor(puppet);
    this.tell(puppet, command);
    return yield* this.down(ref);
  }

  /** All messages that are there now. */
  *drain(): Effects<unknown[]> {
    const messages: unknown[] = [];
    for (;;) {
      const message = yield* receive<unknown>(null, { afterMs: 0 });
      if (message === TIMEOUT) return messages;
      messages.push(message);
    }
  }

  /** Throws if there is a message. Means something only after whatever could send one has been waited for. */
  *silence(what: string): Effects<void> {
    const message = yield* receive<unknown>(null, { afterMs: 0 });
    if (message !== TIMEOUT) throw new CheckError(`${what}: the mailbox should be empty, but holds ${show(message)}`);
  }
}
