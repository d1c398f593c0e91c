// A child for supervisor tests: it writes down when it starts and stops, and does what the test planned for it.
import {
  type ChildSpec,
  genServer,
  ignore,
  noReply,
  ok,
  type SupervisorPid,
  stop,
  whichChildren,
} from '../../src/behaviours/index.ts';
import { type Effects, sleep } from '../../src/process/index.ts';
import type { AnyPid } from '../../src/term/index.ts';

export class Probe {
  /** `+a` a started, `-a reason` a terminated. */
  readonly events: string[] = [];
  /** How many of the next starts of a child fail. */
  readonly failures = new Map<string, number>();
  /** Children whose `init` says ignore. */
  readonly ignoring = new Set<string>();
  /** How long `terminate` of a child takes, in ms. */
  readonly slowMs = new Map<string, number>();
  /** Children that unlink themselves from their parent. */
  readonly unlinking = new Set<string>();
  /** Children that ignore a shutdown. */
  readonly deaf = new Set<string>();

  /** The body of every child; its first argument is its name. */
  readonly body = genServer({
    label: 'probe',
    init: (context, name: string, ...more: readonly unknown[]) => {
      if (this.ignoring.has(name)) return ignore();
      const left = this.failures.get(name) ?? 0;
      this.events.push(`${left > 0 ? '!' : '+'}${name}${more.length > 0 ? ` ${JSON.stringify(more)}` : ''}`);
      if (left > 0) {
        this.failures.set(name, left - 1);
        return stop({ tag: 'planned', name });
      }
      context.trapExit(true);
      if (this.unlinking.has(name) && context.parent !== null) context.unlink(context.parent);
      return ok(name);
    },
    handleCast: (message: { tag: 'end'; reason: unknown }, name) => stop(message.reason, name),
    handleInfo: (_message: never, name) => noReply(name),
    terminate: (reason, name) => this.end(reason, name),
  });

  *end(reason: unknown, name: string): Effects<void> {
    if (this.deaf.has(name)) yield* sleep(1_000_000);
    yield* sleep(this.slowMs.get(name) ?? 0);
    this.events.push(`-${name} ${typeof reason === 'string' ? reason : JSON.stringify(reason)}`);
  }

  /** The spec of a child with this name. */
  child(name: string, rest: Omit<ChildSpec, 'id' | 'start'> = {}): ChildSpec {
    return { id: name, start: { body: this.body, args: [name] }, ...rest };
  }

  /** Takes what was written down since the last time. */
  take(): string[] {
    return this.events.splice(0);
  }
}

/** The pid of a child, or what stands in its place. */
export function* pidOf(supervisor: SupervisorPid, id: string): Effects<AnyPid> {
  return (yield* whichChildren(supervisor)).find((child) => child.id === id)?.pid as AnyPid;
}
