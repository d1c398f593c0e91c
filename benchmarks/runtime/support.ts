// Question: how long does the same piece of work take, over and over for about a second? What the runtime cases share.

import { type Context, type Effects, receive, type System, startSystem } from '../../src/index.ts';

const SAMPLE_MS = 1_000;

/** Runs `body` as a process of a fresh system and returns its figure. Messages are trusted, as in production, and crash reports are not written, as in the Erlang cases. */
export async function inSystem(
  body: (context: Context<unknown>, system: System) => Effects<number>,
  threads = 0,
): Promise<number> {
  await using system = await startSystem({ threads, strict: false, logger: 'silent' });
  return await system.run((context: Context<unknown>) => body(context, system));
}

/** Units per second when `round` does `units` of them, repeated for about a second after a warm-up. */
export function* repeat(units: number, round: () => Effects<void>): Effects<number> {
  const warmUntilMs = performance.now() + SAMPLE_MS / 5;
  while (performance.now() < warmUntilMs) yield* round();
  const startMs = performance.now();
  let rounds = 0;
  let nowMs = startMs;
  while (nowMs - startMs < SAMPLE_MS) {
    yield* round();
    rounds++;
    nowMs = performance.now();
  }
  return (rounds * units * 1_000) / (nowMs - startMs);
}

/** Waits until `count` messages have come. */
export function* drain(count: number): Effects<void> {
  for (let index = 0; index < count; index++) yield* receive();
}
