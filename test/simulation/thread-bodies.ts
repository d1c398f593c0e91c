// Process bodies for simulated threads: they cross as module and export.
import { type Context, receive, register } from '../../src/process/index.ts';
import type { Pid } from '../../src/term/index.ts';

/** Answers every `{from, n}` with `{n, data}`; ends on 'stop', crashes on 'crash'. */
export function* echo(context: Context<unknown>) {
  for (;;) {
    const message = yield* receive<unknown>();
    if (message === 'stop') return;
    if (message === 'crash') throw new Error('as told');
    const { from, n, data } = message as { from: Pid<unknown>; n: number; data?: unknown };
    context.send(from, { n, data, by: context.self });
  }
}

/** Takes a name, says so, and waits for its end. */
export function* named(context: Context<unknown>, name: string, root: Pid<unknown>) {
  const result = yield* register(name);
  context.send(root, { registered: result.ok, by: context.self });
  yield* receive((message) => message === 'stop');
}

/** Sends `count` numbers to `to`, then the last word to `root`. */
export function* counter(context: Context<unknown>, to: Pid<unknown>, count: number) {
  for (let n = 0; n < count; n++) context.send(to, { from: context.self, n });
  yield* receive((message) => message === 'stop');
}

/** Asks the disk of its thread for its names, and tells `to` how that failed. */
export function* listing(context: Context<unknown>, to: Pid<unknown>) {
  context.env.disk.list('', context.inlet());
  const result = yield* receive<{ ok: boolean; failure?: { code: string } }>();
  context.send(to, result.failure?.code ?? 'no failure');
}
