// TMR-1, TMR-2, RCV-3: timers fire once, not early, in order of time and starting; none after its cancel.
import fc from 'fast-check';
import { type Context, receive, TIMEOUT } from '../../../src/process/index.ts';
import type { Pid, Ref } from '../../../src/term/index.ts';
import type { Property } from '../check.ts';

type Op =
  | { readonly op: 'start'; readonly ms: number }
  | { readonly op: 'cancel' }
  | { readonly op: 'wait'; readonly ms: number }
  | { readonly op: 'noise' }
  | { readonly op: 'foreign'; readonly ms: number };

interface Started {
  readonly ref: Ref;
  readonly dueMs: number;
  readonly n: number;
}

function* shortLived(_context: Context<unknown>) {
  yield* receive(null, { afterMs: 3 });
}

function* noisy(context: Context<unknown>, to: Pid<unknown>) {
  for (let count = 0; count < 5; count++) {
    context.send(to, 'noise');
    yield* receive(null, { afterMs: 7 });
  }
}

function* root(context: Context<unknown>, ops: readonly Op[]) {
  let open: Started[] = [];
  const cancelled = new Set<Ref>();
  let n = 0;
  const judge = (message: unknown) => {
    const { ref } = message as { ref: Ref };
    if (cancelled.has(ref)) throw new Error('a cancelled timer fired');
    const next = open.toSorted((a, b) => a.dueMs - b.dueMs || a.n - b.n)[0];
    if (next?.ref !== ref) throw new Error('a timer fired out of its turn, or twice');
    if (context.now() < next.dueMs) throw new Error(`${next.dueMs - context.now()} ms early`);
    open = open.filter((timer) => timer !== next);
  };
  for (const each of ops) {
    if (each.op === 'start') {
      open.push({ ref: context.startTimer(each.ms, context.self, n), dueMs: context.now() + each.ms, n: n++ });
    } else if (each.op === 'foreign') {
      context.sendAfter(each.ms, context.spawn(shortLived), 'too late for some');
    } else if (each.op === 'noise') context.spawn(noisy, [context.self as Pid<unknown>]);
    else if (each.op === 'cancel') cancelFirst(context, open, cancelled);
    else yield* wait(context, each.ms, judge);
  }
  yield* wait(context, 500, judge);
  if (open.length > 0) throw new Error(`${open.length} timers never fired`);
}

/** Takes back the oldest timer; what has fired already stays to be judged. */
function cancelFirst(context: Context<unknown>, open: Started[], cancelled: Set<Ref>): void {
  const timer = open[0];
  if (timer === undefined || context.cancelTimer(timer.ref) === false) return;
  cancelled.add(timer.ref);
  open.shift();
}

/** Waits for `ms` and not longer, whatever else arrives (RCV-3), and judges the timers that fire meanwhile. */
function* wait(context: Context<unknown>, ms: number, judge: (message: unknown) => void) {
  const startMs = context.now();
  yield* receive((message) => message === 'never', { afterMs: ms });
  if (context.now() < startMs + ms) throw new Error('a receive gave up early');
  for (;;) {
    const message = yield* receive((each) => typeof each === 'object', { afterMs: 0 });
    if (message === TIMEOUT) return;
    judge(message);
  }
}

const ms = fc.integer({ min: 1, max: 100 });
export const timers: Property<readonly Op[]> = {
  programs: fc.array(
    fc.oneof(
      fc.record({ op: fc.constant('start' as const), ms }),
      fc.record({ op: fc.constant('cancel' as const) }),
      fc.record({ op: fc.constant('wait' as const), ms }),
      fc.record({ op: fc.constant('noise' as const) }),
      fc.record({ op: fc.constant('foreign' as const), ms }),
    ),
    { maxLength: 10 },
  ),
  body: (program) => (context) => root(context, program),
};
