// What the supervisor cases share: a recorder, specs of its children, and a started tree.
import {
  type ChildSpec,
  call,
  cast,
  countChildren,
  type DynamicOptions,
  type StartResult,
  type SupervisorFlags,
  type SupervisorPid,
  startLink,
  whichChildren,
} from '../../../src/behaviours/index.ts';
import { type Effects, sleep } from '../../../src/process/index.ts';
import type { AnyPid, Mfa } from '../../../src/term/index.ts';
import { CHILD, type ChildHow, type ChildPid, DYNAMIC, RECORDER, type Recorder, TREE } from '../../actors/family.ts';
import type { CaseContext } from '../case.ts';
import { CheckError, equal } from '../check.ts';
import { place } from '../plan.ts';

export type ChildOptions = Omit<ChildSpec, 'id' | 'start'> & { readonly how?: ChildHow };

/** Waits between looks: the long ones let a simulated world come to rest, whatever its schedule holds back. */
const PAUSES = [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048];

export class Family {
  readonly t: CaseContext;
  readonly recorder: Recorder;

  constructor(t: CaseContext, recorder: Recorder) {
    this.t = t;
    this.recorder = recorder;
  }

  /** The spec of a child that notes what it lives through. */
  spec(id: string, { how = {}, ...options }: ChildOptions = {}): ChildSpec {
    return { id, ...options, start: this.start(CHILD, [this.recorder, id, how]) };
  }

  /** How to start a child of that body. */
  start(body: Mfa, args: readonly unknown[]): ChildSpec['start'] {
    return { ...place(this.t.plan, this.t.context.self), body, args };
  }

  /** The spec of a supervisor as a child. */
  treeSpec(id: string, flags: SupervisorFlags, children: readonly ChildSpec[], options?: ChildOptions): ChildSpec {
    return {
      id,
      type: 'supervisor',
      ...options,
      start: this.start(TREE, [{ ...flags, children }]),
    };
  }

  /** Starts a supervisor; what the start returned. */
  begin(flags: SupervisorFlags, children: readonly ChildSpec[]): Effects<StartResult> {
    return startLink(TREE, [{ ...flags, children }], this.t.options());
  }

  /** Starts a supervisor that must start. */
  *tree(flags: SupervisorFlags, children: readonly ChildSpec[]): Effects<SupervisorPid> {
    return this.running(yield* this.begin(flags, children));
  }

  *dynamic(options: DynamicOptions): Effects<SupervisorPid> {
    return this.running(yield* startLink(DYNAMIC, [options], this.t.options()));
  }

  private running(result: StartResult): SupervisorPid {
    if (!result.ok) throw new CheckError(`the supervisor did not start: ${JSON.stringify(result.error)}`);
    return this.t.kept(result.pid as SupervisorPid);
  }

  /** Throws unless these are the next notes, in this order. */
  *notes(what: string, ...expected: readonly string[]): Effects<void> {
    equal(yield* this.taken(expected.length), expected, what);
  }

  /** All notes, as soon as there are `count`. */
  taken(count: number): Effects<readonly string[]> {
    return call(this.recorder, { tag: 'take', count }, 8_000);
  }

  /** Waits until the supervisor has so many children. */
  *untilCount(supervisor: SupervisorPid, count: number): Effects<void> {
    for (const ms of PAUSES) {
      if ((yield* countChildren(supervisor)).active === count) return;
      yield* sleep(ms);
    }
    throw new CheckError(`there were never ${count} children`);
  }

  /** The pid of a running child. */
  *pid(supervisor: SupervisorPid, id: string): Effects<ChildPid> {
    return (yield* this.state(supervisor, id)) as ChildPid;
  }

  /** What `whichChildren` shows of a child; undefined when there is no such child. */
  *state(supervisor: SupervisorPid, id: string): Effects<AnyPid | 'restarting' | null | undefined> {
    return (yield* whichChildren(supervisor)).find((child) => child.id === id)?.pid;
  }

  /** Ends a child with a reason, in its own `terminate`, and waits until it is dead. */
  *end(supervisor: SupervisorPid, id: string, reason: unknown): Effects<void> {
    const pid = yield* this.pid(supervisor, id);
    const ref = this.t.context.monitor(pid);
    cast(this.t.context, pid, { end: reason });
    equal(yield* this.t.down(ref), reason, `the end of ${id}`);
  }

  /** Kills a child, so that its `terminate` does not run, and waits until it is dead. */
  *kill(supervisor: SupervisorPid, id: string): Effects<void> {
    const pid = yield* this.pid(supervisor, id);
    const ref = this.t.context.monitor(pid);
    this.t.context.exit(pid, 'kill');
    equal(yield* this.t.down(ref), 'killed', `the end of ${id}`);
  }

  /** Ends a supervisor in the way its parent would, and waits. */
  *shutDown(supervisor: SupervisorPid, reason: unknown = 'shutdown'): Effects<unknown> {
    const ref = this.t.context.monitor(supervisor);
    this.t.context.exit(supervisor, reason);
    return yield* this.t.down(ref);
  }

  /** Waits until the supervisor shows what `isThere` wants to see of a child. */
  *until(supervisor: SupervisorPid, id: string, isThere: (pid: unknown) => boolean): Effects<void> {
    for (const ms of PAUSES) {
      if (isThere(yield* this.state(supervisor, id))) return;
      yield* sleep(ms);
    }
    throw new CheckError(`${id} did not come into the expected state`);
  }
}

/** A recorder of its own for this case; the case traps exits. */
export function* family(t: CaseContext): Effects<Family> {
  t.context.trapExit(true);
  const started = yield* startLink(RECORDER, [], t.options());
  if (!started.ok) throw new CheckError('the recorder did not start');
  return new Family(t, t.kept(started.pid as Recorder));
}
