// MON-1, MON-2, MON-4: every monitor fires exactly once, with the right reason, and never after it was taken back.
import fc from 'fast-check';
import { type Context, isDown, receive, TIMEOUT } from '../../../src/process/index.ts';
import type { Pid, Ref } from '../../../src/term/index.ts';
import type { Property } from '../check.ts';

/** What the watcher does with one target, in order. `flush` takes a monitor back and flushes (MON-4). */
type Op = 'monitor' | 'demonitor' | 'flush' | 'stop' | 'kill';
interface Program {
  readonly targets: readonly { readonly spawned: 'spawn' | 'spawnMonitor'; readonly ops: readonly Op[] }[];
}

interface Held {
  readonly ref: Ref;
  readonly reasons: readonly unknown[];
}

function* target(_context: Context<unknown>) {
  yield* receive((message) => message === 'stop');
}

/** Runs the operations on one target; returns the monitors that must fire and those that must not. */
function* watch(context: Context<unknown>, { spawned, ops }: Program['targets'][number]) {
  const expected: Held[] = [];
  const silent: Ref[] = [];
  const atomic = spawned === 'spawnMonitor';
  const made = atomic ? context.spawnMonitor(target) : { pid: context.spawn(target), ref: null };
  const pid = made.pid as Pid<unknown>;
  const ends = new Set<unknown>();
  if (made.ref !== null) expected.push({ ref: made.ref, reasons: ['normal', 'killed'] });
  for (const op of ops) {
    // After the target was told to end, a new monitor finds it alive or dead, as the schedule will have it.
    if (op === 'monitor') {
      expected.push({
        ref: context.monitor(pid),
        reasons: ends.size === 0 ? ['normal', 'killed'] : ['normal', 'killed', 'noproc'],
      });
    } else if (op === 'stop' || op === 'kill') {
      if (op === 'stop') context.send(pid, 'stop');
      else context.exit(pid, 'kill');
      ends.add(op);
    } else {
      const held = expected.shift();
      if (held === undefined) continue;
      const wasThere = context.demonitor(held.ref, { flush: op === 'flush' });
      if (wasThere || op === 'flush') silent.push(held.ref);
      else expected.push(held);
    }
    if (op !== 'monitor') yield* receive((message) => message === 'never', { afterMs: 0 });
  }
  if (ends.size === 0) context.send(pid, 'stop');
  return { expected, silent };
}

function* root(context: Context<unknown>, program: Program) {
  const expected: Held[] = [];
  const silent: Ref[] = [];
  for (const each of program.targets) {
    const result = yield* watch(context, each);
    expected.push(...result.expected);
    silent.push(...result.silent);
  }
  for (const { ref, reasons } of expected) {
    const down = yield* receive((message) => isDown(message, ref), { afterMs: 60_000 });
    if (down === TIMEOUT) throw new Error(`no DOWN for ${ref}`);
    const { reason } = down as { reason: unknown };
    if (!reasons.includes(reason)) throw new Error(`DOWN says ${JSON.stringify(reason)}, not one of ${reasons.join()}`);
  }
  const more = yield* receive(isDown, { afterMs: 60_000 });
  if (more === TIMEOUT) return;
  const { ref } = more as { ref: Ref };
  throw new Error(silent.includes(ref) ? `DOWN for ${ref} after its demonitor` : `a second DOWN for ${ref}`);
}

export const oneDown: Property<Program> = {
  programs: fc.record({
    targets: fc.array(
      fc.record({
        spawned: fc.constantFrom('spawn' as const, 'spawnMonitor' as const),
        ops: fc.array(fc.constantFrom<Op>('monitor', 'demonitor', 'flush', 'stop', 'kill'), { maxLength: 6 }),
      }),
      { minLength: 1, maxLength: 2 },
    ),
  }),
  body: (program) => (context) => root(context, program),
};
