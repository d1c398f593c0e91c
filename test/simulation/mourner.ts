// What a process hears of counters on threads that may die at any time (THR-1, R13): all that they had sent, in order, and
// then their end, once for each link and once for each monitor.
import { type Context, isDown, isExit, receive } from '../../src/process/index.ts';
import type { Mfa, Pid } from '../../src/term/index.ts';

const COUNTER: Mfa = { module: new URL('./thread-bodies.ts', import.meta.url).href, export: 'counter' };

/** Links to, watches and hears counters on threads that may die at any time. */
export function* mourner(context: Context<unknown>) {
  context.trapExit(true);
  for (let round = 0; round < 4; round++) {
    const placement = { thread: 1 + (round % 2) };
    const { pid, ref } = context.spawnMonitor(COUNTER, [context.self, 3], { placement });
    context.link(pid);
    const seen: number[] = [];
    // A thread that dies before it has got the spawn never sends anything; else all comes before the news.
    for (let heard = 0; heard < 2 && seen.length < 3; ) {
      const message = yield* receive<{ n?: number; tag?: string }>();
      if (message.n !== undefined) seen.push(message.n);
      else heard++;
      if (message.n !== undefined && heard > 0) throw new Error('news from the dead');
      if (heard === 2) break;
    }
    if (seen.join() !== [0, 1, 2].slice(0, seen.length).join()) throw new Error(`order ${seen.join()}`);
    context.send(pid as Pid<unknown>, 'stop');
    context.demonitor(ref, { flush: true });
    context.unlink(pid);
    yield* receive((message) => message === 'never', { afterMs: 1_000 });
    yield* receive(isExit, { afterMs: 0 });
    const more = yield* receive((message) => isExit(message) || isDown(message), { afterMs: 1_000 });
    if (typeof more !== 'symbol') throw new Error(`heard again: ${JSON.stringify(more)}`);
  }
}
