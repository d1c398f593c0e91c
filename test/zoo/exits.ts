// What an exit signal does to its receiver (R6; EXI-2, EXI-3, LNK-2, LNK-3) and whom a crash leaves alone (R19): every
// mixture of signals to one process against the table of Erlang.
import fc from 'fast-check';
import { type Context, type Effects, isDown, isExit, isProcessAlive, receive, sleep } from '../../src/process/index.ts';
import { hasTag, type Pid } from '../../src/term/index.ts';
import type { Property } from '../properties/check.ts';

/** `exit` is `exit(pid, reason)`; `link` ends a process that is linked to the target, `alone` one that is not. */
type Via = 'exit' | 'link' | 'alone';
interface Blow {
  readonly via: Via;
  readonly reason: 'normal' | 'kill' | 'oops' | 'throw';
}

interface Program {
  readonly isTrapping: boolean;
  readonly blows: readonly Blow[];
}

/** Longer than a slow machine may be late. */
const REST_MS = 100;

/** Tells the root of every EXIT that it gets. */
function* target(context: Context<unknown>, root: Pid<unknown>, isTrapping: boolean): Effects<void> {
  context.trapExit(isTrapping);
  context.send(root, 'ready');
  for (;;) {
    const { reason } = yield* receive(isExit);
    context.send(root, { trapped: shown(reason) });
  }
}

/** Ends as told, linked to `peer` or not. */
function victim(context: Context<unknown>, peer: Pid<unknown> | null, reason: Blow['reason']): void {
  if (peer !== null) context.link(peer);
  if (reason === 'throw') throw new Error('as told');
  context.exit(reason);
}

function* bystander(): Effects<void> {
  yield* receive((message) => message === 'never');
}

const shown = (reason: unknown): string => (hasTag(reason, 'error') ? 'error' : String(reason));

function* root(context: Context<unknown>, { isTrapping, blows }: Program): Effects<void> {
  const other = context.spawn(bystander);
  const { pid, ref } = context.spawnMonitor(target, [context.self, isTrapping]);
  yield* receive((message) => message === 'ready');
  const expected: string[] = [];
  let end: string | null = null;
  for (const blow of blows) {
    if (blow.via === 'exit') context.exit(pid, blow.reason);
    else context.spawn(victim, [blow.via === 'link' ? pid : null, blow.reason]);
    yield* sleep(REST_MS);
    if (end !== null) continue;
    const effect = effectOf(blow, isTrapping);
    if (effect === 'message') expected.push(reasonOf(blow));
    else if (effect !== null) end = effect;
  }
  const trapped: string[] = [];
  for (;;) {
    const next = yield* receive((message) => hasTrapped(message), { afterMs: 0 });
    if (typeof next === 'symbol') break;
    trapped.push((next as { trapped: string }).trapped);
  }
  if (trapped.join() !== expected.join()) throw new Error(`R6 trapped ${trapped}, not ${expected}`);
  const down = yield* receive((message) => isDown(message, ref), { afterMs: 0 });
  const seen = typeof down === 'symbol' ? null : shown((down as { reason: unknown }).reason);
  if (seen !== end) throw new Error(`R6 ended ${seen}, not ${end}`);
  if (!(yield* isProcessAlive(other))) throw new Error('R19 somebody else has ended too');
}

function hasTrapped(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'trapped' in message;
}

const reasonOf = ({ reason }: Blow): string => (reason === 'throw' ? 'error' : reason);

/** The reason of the end, 'message', or null for nothing. */
function effectOf(blow: Blow, isTrapping: boolean): string | null {
  if (blow.via === 'alone') return null;
  if (blow.via === 'exit' && blow.reason === 'kill') return 'killed';
  if (isTrapping) return 'message';
  return blow.reason === 'normal' ? null : reasonOf(blow);
}

const blow: fc.Arbitrary<Blow> = fc.oneof(
  fc.record({
    via: fc.constant('exit' as const),
    reason: fc.constantFrom('normal' as const, 'kill' as const, 'oops' as const),
  }),
  fc.record({
    via: fc.constantFrom('link' as const, 'alone' as const),
    reason: fc.constantFrom('normal' as const, 'kill' as const, 'oops' as const, 'throw' as const),
  }),
);

export const exits: Property<Program> = {
  programs: fc.record({ isTrapping: fc.boolean(), blows: fc.array(blow, { maxLength: 5 }) }),
  body: (program) => (context) => root(context, program),
};
