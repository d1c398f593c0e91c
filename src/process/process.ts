// One process: its record and, on the same object, the context its body sees (no second object per process).
// Every operation of a dead process is void, so that an async body that outlives its process has no effect (section 0-4).
import type { Env } from '../env/index.ts';
import {
  type AnyPid,
  BadArgumentError,
  checkFunction,
  checkName,
  checkOptions,
  checkPid,
  checkRef,
  checkTarget,
  type Pid,
  plainReason,
  type Ref,
  type Seal,
} from '../term/index.ts';
import type { MaxMailbox, Resource, SpawnedMonitor, SpawnOptions } from './context.ts';
import { type AnyBody, type Context, ExitError, type MonitorOptions, NoProcessError } from './context.ts';
import type { Continuation } from './continuation.ts';
import { checkEffects, checkWait, type Effects } from './effects.ts';
import { ALIVE, FRESH, INTERRUPTED, NOT_WAKEABLE, RUNNING, TRAPS_EXITS } from './flags.ts';
import type { Kernel } from './kernel.ts';
import { Links } from './links.ts';
import { Mailbox } from './mailbox.ts';
import { isDown } from './messages.ts';
import { type HeldMonitor, Monitors } from './monitors.ts';

/** What few processes have, kept off the record of the many. */
export interface Extras {
  name: string | null;
  label: string | null;
  ancestors: readonly AnyPid[];
  resources: Set<Resource> | null;
  /** An exit that struck while the process was running; it takes effect when its handler returns. */
  pendingExit: { readonly reason: unknown } | null;
  /** The last started of the timers whose destination is this process, chained; they go with it (TMR-1). */
  timers: object | null;
  /** Null for none. */
  maxMailbox: MaxMailbox | null;
  /** Messages that a full mailbox has dropped. */
  droppedMessages: number;
  /** How often this process suspends others (PRC-4); null for never. */
  suspending: Map<AnyPid, number> | null;
  /** Who suspends this process; null for nobody yet. */
  suspenders: Set<AnyPid> | null;
}

// biome-ignore lint/suspicious/noExplicitAny: the record serves processes of every protocol.
export class Process implements Context<any> {
  readonly self: Pid<unknown>;
  readonly kernel: Kernel;
  readonly parent: AnyPid | null;
  body: AnyBody;
  /** The handler's state; the arguments of the body until it is entered. */
  state: unknown;
  readonly mailbox = new Mailbox();
  flags = ALIVE | FRESH;
  reductions = 0;
  links: Links | null = null;
  monitors: Monitors | null = null;
  continuation: Continuation | null = null;
  extras: Extras | null = null;

  constructor(kernel: Kernel, pid: Pid<unknown>, parent: AnyPid | null, body: AnyBody, args: readonly unknown[]) {
    this.kernel = kernel;
    this.self = pid;
    this.parent = parent;
    this.body = body;
    this.state = args;
    pid.target = this;
  }

  get env(): Env {
    return this.kernel.env;
  }

  get isAlive(): boolean {
    return (this.flags & ALIVE) !== 0;
  }

  get trapsExits(): boolean {
    return (this.flags & TRAPS_EXITS) !== 0;
  }

  get ancestors(): readonly AnyPid[] {
    return this.extras?.ancestors ?? (this.parent === null ? [] : [this.parent]);
  }

  /** The rarely used part of the record, made on first use. */
  get more(): Extras {
    this.extras ??= {
      name: null,
      label: null,
      ancestors: this.ancestors,
      resources: null,
      pendingExit: null,
      timers: null,
      maxMailbox: null,
      droppedMessages: 0,
      suspending: null,
      suspenders: null,
    };
    return this.extras;
  }

  /** Puts a message into the mailbox, if its bound allows: the moment of reception. */
  accept(message: unknown, seal: Seal | null): void {
    const { extras } = this;
    if (extras !== null && extras.maxMailbox !== null && this.mailbox.length >= extras.maxMailbox.length) {
      overflow(this, extras, extras.maxMailbox);
    } else this.acceptAlways(message, seal);
  }

  /** The same without a bound: for what the process has asked for, and for what the runtime has to tell it. */
  acceptAlways(message: unknown, seal: Seal | null): void {
    this.mailbox.push(message, seal);
    if ((this.flags & NOT_WAKEABLE) === 0) this.kernel.schedule(this);
  }

  /** The time of the receive under way is over (RCV-3). */
  timeOut(): void {
    const { continuation } = this;
    if (continuation === null) return;
    continuation.timer = null;
    continuation.hasTimedOut = true;
    this.kernel.schedule(this);
  }

  now(): number {
    return this.kernel.env.clock.now();
  }

  random(): number {
    return this.kernel.env.random.next();
  }

  send(to: AnyPid | Ref | string, message: unknown): void {
    if ((this.flags & ALIVE) === 0) return;
    if (typeof to !== 'string') this.kernel.sendMessage(this, to, message);
    else if (!this.trySend(to, message)) throw new NoProcessError(to);
  }

  trySend(name: string, message: unknown): boolean {
    checkName('trySend', name);
    const pid = this.kernel.whereis(name);
    if (pid === undefined || !this.isAlive) return false;
    this.kernel.sendMessage(this, pid, message);
    return true;
  }

  whereis(name: string): AnyPid | undefined {
    checkName('whereis', name);
    return this.kernel.whereis(name);
  }

  // biome-ignore-start lint/suspicious/noExplicitAny: the typed signatures are those of Context.
  spawn(body: AnyBody, args: readonly unknown[] = [], options?: SpawnOptions): Pid<any> {
    return this.kernel.spawn(this, { body, args, options, link: false, monitor: false }).pid as Pid<any>;
  }

  spawnLink(body: AnyBody, args: readonly unknown[] = [], options?: SpawnOptions): Pid<any> {
    return this.kernel.spawn(this, { body, args, options, link: true, monitor: false }).pid as Pid<any>;
  }

  spawnMonitor(body: AnyBody, args: readonly unknown[] = [], options?: SpawnOptions): SpawnedMonitor<any> {
    const { pid, ref } = this.kernel.spawn(this, { body, args, options, link: false, monitor: true });
    return { pid: pid as Pid<any>, ref: ref as Ref };
  }
  // biome-ignore-end lint/suspicious/noExplicitAny: end of the spawn family.

  exit(reason: unknown): never;
  exit(to: AnyPid, reason: unknown): void;
  exit(...args: readonly unknown[]): void {
    if (args.length < 2) throw new ExitError(args[0]);
    const to = args[0] as AnyPid;
    checkPid('exit(to, reason)', to);
    if (!this.isAlive) return;
    this.kernel.sendSignal({ kind: 'exit', from: this.self, to, reason: plainReason(args[1]) });
    // exit(self, R) does not return when it kills: the signal to oneself has already been received.
    if (to === this.self && (this.flags & RUNNING) !== 0 && this.extras?.pendingExit != null) {
      throw new ExitError(this.extras.pendingExit.reason);
    }
  }

  trapExit(on: boolean): boolean {
    if (typeof on !== 'boolean') throw new BadArgumentError('trapExit', 'true or false', on);
    const before = this.trapsExits;
    this.flags = on ? this.flags | TRAPS_EXITS : this.flags & ~TRAPS_EXITS;
    return before;
  }

  link(to: AnyPid): void {
    checkPid('link', to);
    if (!this.isAlive || to === this.self) return;
    this.links ??= new Links();
    if (this.links.link(to)) this.kernel.sendSignal({ kind: 'link', from: this.self, to });
  }

  unlink(to: AnyPid): void {
    checkPid('unlink', to);
    const id = this.links?.unlink(to) ?? 0;
    if (id !== 0) this.kernel.sendSignal({ kind: 'unlink', from: this.self, to, id });
  }

  monitor(target: AnyPid | string, options?: MonitorOptions): Ref {
    checkTarget('monitor', target);
    if (options != null) checkMonitorOptions(options);
    const ref = this.makeRef();
    if (!this.isAlive) return ref;
    const pid = typeof target === 'string' ? (this.kernel.whereis(target) ?? null) : target;
    // Nobody hears of their own death: there is nothing to hold (MON-1).
    if (pid === this.self) return ref;
    this.monitors ??= new Monitors();
    this.monitors.held.set(ref, {
      target: pid,
      object: target,
      alias: options?.alias ?? null,
      tag: options?.tag ?? null,
    });
    if (options?.alias !== undefined) ref.slot = this;
    const near = pid === null ? null : this.kernel.near(pid);
    if (near !== null) near.addWatcher(ref, this.self);
    else if (pid !== null) this.kernel.sendSignal({ kind: 'monitor', from: this.self, to: pid, ref });
    else this.kernel.sendSignal({ kind: 'down', from: this.self, to: this.self, ref, reason: 'noproc' });
    return ref;
  }

  demonitor(ref: Ref, options?: { readonly flush?: boolean }): boolean {
    checkRef('demonitor', ref);
    if (options != null && options.flush === undefined) checkOptions('demonitor', options, { flush: true });
    const held = this.monitors?.held.get(ref);
    if (held !== undefined) {
      this.endMonitor(ref, held);
      return true;
    }
    if (options?.flush === true) this.mailbox.flush((message) => isDown(message, ref));
    return false;
  }

  /** A message has come to `ref`, an alias of this process: takes it if the alias is still one (ALI-1). */
  acceptAlias(ref: Ref, message: unknown, seal: Seal | null): void {
    const { monitors } = this;
    if (monitors === null) return;
    const held = monitors.held.get(ref);
    // The reply ends the monitor as well, so that neither a second reply nor a DOWN can follow it (ALI-2).
    if (held !== undefined && held.alias === 'replyDemonitor') this.endMonitor(ref, held);
    else {
      const mode = monitors.aliasMode(ref);
      if (mode === null) return;
      if (mode === 'reply') this.unalias(ref);
    }
    this.acceptAlways(message, seal);
  }

  private endMonitor(ref: Ref, held: HeldMonitor): void {
    this.monitors?.remove(ref);
    if (held.alias !== null) ref.slot = null;
    const { target } = held;
    if (target === null) return;
    const near = this.kernel.near(target);
    if (near !== null) near.removeWatcher(ref);
    else this.kernel.sendSignal({ kind: 'demonitor', from: this.self, to: target, ref });
  }

  /** `watcher` hears of the end of this process (MON-1). */
  addWatcher(ref: Ref, watcher: AnyPid): void {
    this.monitors ??= new Monitors();
    this.monitors.watchers.set(ref, watcher);
  }

  removeWatcher(ref: Ref): void {
    this.monitors?.watchers.delete(ref);
  }

  makeRef(): Ref {
    const ref = this.kernel.makeRef();
    this.mailbox.mark(ref);
    return ref;
  }

  alias(mode: 'explicit' | 'reply' = 'explicit'): Ref {
    if (mode !== 'explicit' && mode !== 'reply') throw new BadArgumentError('alias', "'explicit' or 'reply'", mode);
    const ref = this.makeRef();
    if (!this.isAlive) return ref;
    this.monitors ??= new Monitors();
    this.monitors.aliases.set(ref, mode);
    ref.slot = this;
    return ref;
  }

  unalias(ref: Ref): boolean {
    checkRef('unalias', ref);
    if (this.monitors === null || this.monitors.aliasMode(ref) === null) return false;
    const held = this.monitors.held.get(ref);
    if (held !== undefined) this.monitors.held.set(ref, { ...held, alias: null });
    this.monitors.aliases.delete(ref);
    ref.slot = null;
    return true;
  }

  sendAfter(ms: number, to: AnyPid | string, message: unknown): Ref {
    checkTimer(ms, to);
    return this.isAlive ? this.kernel.startTimer(ms, to, message, false) : this.kernel.makeRef();
  }

  startTimer(ms: number, to: AnyPid | string, message: unknown): Ref {
    checkTimer(ms, to);
    return this.isAlive ? this.kernel.startTimer(ms, to, message, true) : this.kernel.makeRef();
  }

  cancelTimer(ref: Ref): number | false {
    checkRef('cancelTimer', ref);
    return this.isAlive && this.kernel.cancelLocalTimer(ref);
  }

  bump(reductions: number): void {
    // What is no finite count would stand in the record for ever and unsettle every later slice.
    if (!(typeof reductions === 'number' && reductions >= 0 && reductions <= Number.MAX_SAFE_INTEGER)) {
      throw new BadArgumentError('bump', 'a count of reductions', reductions);
    }
    this.reductions += reductions;
  }

  perform<S>(effects: Effects<S>): S {
    checkEffects('perform', effects);
    this.flags |= INTERRUPTED;
    return this.kernel.perform(this, effects) as S;
  }

  own(resource: Resource): void {
    checkFunction('own', resource?.close);
    if (!this.isAlive) {
      resource.close();
      return;
    }
    this.more.resources ??= new Set();
    this.more.resources.add(resource);
  }

  disown(resource: Resource): void {
    this.extras?.resources?.delete(resource);
  }

  inlet(): (message: unknown) => void {
    return (message) => {
      if (this.isAlive) this.acceptAlways(message, null);
    };
  }

  setLabel(label: string): void {
    checkName('setLabel', label);
    this.more.label = label;
  }
}

function overflow(process: Process, extras: Extras, { length, onOverflow }: MaxMailbox): void {
  if (onOverflow === 'exit') {
    process.kernel.terminate(process, { tag: 'mailboxOverflow', length });
    return;
  }
  if (extras.droppedMessages++ > 0) return;
  process.env.logger.log('warning', 'full mailbox drops messages', { pid: process.self.toString(), length });
}

function checkTimer(ms: number, to: AnyPid | string): void {
  checkWait(ms);
  if (ms === Number.POSITIVE_INFINITY) throw new RangeError('a timer needs an end: its time cannot be Infinity');
  checkTarget('a timer', to);
}

function checkMonitorOptions(options: MonitorOptions): void {
  const { alias, tag } = options;
  if (alias === undefined && tag === undefined) checkOptions('monitor', options, { alias: true, tag: true });
  if (alias !== undefined && alias !== 'demonitor' && alias !== 'replyDemonitor') {
    throw new BadArgumentError('monitor', "the alias 'demonitor' or 'replyDemonitor'", alias);
  }
  if (tag !== undefined) checkName('the tag of monitor', tag);
}
