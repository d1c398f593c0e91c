// Tiny actors for the tests of the threads engine: echo, flood and count, spin, block, reject, hold names.
import {
  type AsyncContext,
  type Context,
  type Effects,
  isProcessAlive,
  offload,
  pause,
  receive,
  register,
} from '../../src/process/index.ts';
import type { Mfa, Pid } from '../../src/term/index.ts';

const named = (name: string): Mfa => ({ module: import.meta.url, export: name });

export const ECHO = named('echo');
export const FLOOD = named('flood');
export const COUNTER = named('counter');
export const SPINNER = named('spinner');
export const ASYNC_SPINNER = named('asyncSpinner');
export const BLOCKER = named('blocker');
export const STRAY = named('stray');
export const STRAY_TIMER = named('strayTimer');
export const SPAWNER = named('spawner');
export const NAMED = named('nameHolder');
export const OFFLOADER = named('offloader');
export const METERED = named('metered');
export const INVERTER = named('inverter');

interface Asked {
  readonly from: Pid<unknown>;
}

/** Inverts the bytes of a message in place and sends them back. */
export const inverter = {
  init: (): null => null,
  handle: (state: null, { from, bytes }: Asked & { bytes: Uint8Array }, context: Context<unknown>): null => {
    for (let index = 0; index < bytes.length; index++) bytes[index] ^= 0xff;
    context.send(from, bytes);
    return state;
  },
};

/** Sends every message with a `from` back to it; ignores others. */
export const echo = {
  label: 'echo',
  init: (): null => null,
  handle: (state: null, message: Asked, context: Context<unknown>): null => {
    if (message.from !== undefined) context.send(message.from, message);
    return state;
  },
};

/** The `n`-th message of a flood; the sizes go from a byte to far more than a small ring. */
function flooded(n: number, sizes: readonly number[]): unknown {
  const bytes = new Uint8Array(sizes[n % sizes.length]).fill(n);
  return { n, bytes };
}

/** Sends `count` numbered messages of the given sizes to `to`. */
export function* flood(
  context: Context<unknown>,
  to: Pid<unknown>,
  count: number,
  sizes: readonly number[],
): Effects<void> {
  for (let n = 0; n < count; n++) {
    context.send(to, flooded(n, sizes));
    if (n % 64 === 63) yield* pause();
  }
}

/** Checks a flood and tells `report` the first thing that is wrong, or `{counted}`. */
export const counter = {
  init: (_context: Context<unknown>, report: Pid<unknown>, count: number, sizes: readonly number[]) => ({
    report,
    count,
    sizes,
    next: 0,
  }),
  handle: (
    state: { report: Pid<unknown>; count: number; sizes: readonly number[]; next: number },
    { n, bytes }: { n: number; bytes: Uint8Array },
    context: Context<unknown>,
  ) => {
    const isRight = n === state.next && bytes.length === state.sizes[n % state.sizes.length];
    const isWhole = bytes.every((byte) => byte === (n & 255));
    if (!isRight || !isWhole) context.exit({ wrong: n, expected: state.next, bytes: bytes.length });
    state.next++;
    if (state.next === state.count) context.send(state.report, { counted: state.count });
    return state;
  },
};

/** Spins for ever at its first message. */
export const spinner = {
  init: (): null => null,
  handle: (): null => {
    for (;;);
  },
};

/** Spins for ever outside of any slice: after its promise has been resumed by the host. */
export async function asyncSpinner(_context: AsyncContext<unknown>): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 20));
  for (;;);
}

/** Blocks its thread without using any CPU. */
export function blocker(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** Counts three in two steps and sets a gauge. */
export function* metered({ env: { metrics } }: Context<unknown>): Effects<void> {
  metrics.count('test.counted');
  yield* pause();
  metrics.count('test.counted', 2);
  metrics.gauge('test.level', 7);
}

/** Leaves a rejected promise behind; is it an async body, then it waits for its own end. */
export async function stray(context: AsyncContext<unknown>): Promise<void> {
  void Promise.reject(new Error('stray'));
  await context.perform(receive());
}

/** A timer of nobody throws. */
export function* strayTimer(): Effects<void> {
  setTimeout(() => {
    throw new Error('of nobody');
  }, 0);
  yield* receive();
}

/** Spawns `body` linked and monitored with a placement, and tells what it hears. */
export function* spawner(
  context: Context<unknown>,
  report: Pid<unknown>,
  body: Mfa,
  args: readonly unknown[],
  thread: number,
): Effects<void> {
  context.trapExit(true);
  const { pid } = context.spawnMonitor(body, args, { placement: { thread } });
  context.link(pid);
  // Ordered behind the link: whoever hears of the pid finds it linked.
  yield* isProcessAlive(pid);
  context.send(report, { pid });
  for (;;) context.send(report, yield* receive());
}

/** Registers itself and waits. */
export function* nameHolder(context: Context<unknown>, name: string, report: Pid<unknown>): Effects<void> {
  const result = yield* register(name);
  context.send(report, { registered: result.ok });
  yield* receive();
}

/** Offloads one call and tells the result. */
export function* offloader(
  context: Context<unknown>,
  report: Pid<unknown>,
  name: string,
  args: readonly unknown[],
): Effects<void> {
  context.send(report, yield* offload(named(name), args));
}

// Functions for the offload pool.

export function add(a: number, b: number): number {
  return a + b;
}

export function giveBack<T>(value: T): T {
  return value;
}

export function fail(): never {
  throw new RangeError('failed on purpose');
}

export function notATerm(): () => void {
  return () => {};
}

/** Raises a word, then burns CPU for ever. */
export function burn(): never {
  for (;;);
}
