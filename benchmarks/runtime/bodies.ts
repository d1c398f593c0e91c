// Question: what do the measured processes do? Bodies that are named by module and export, so that they run on any
// thread: an echo, a counting sink with its source, a gen-server, and drivers that play on a data thread.

import { call, genServer, type Handler, noReply, ok, type Pid, type Request, receive, reply } from '../../src/index.ts';
import { repeat } from './support.ts';

type Any = Pid<unknown>;
export type BenchCall = Request<{ readonly tag: 'ping' }, 'pong'>;

const PONG = 'pong' as const;
export const PING = { tag: 'ping' } as const;

/** Sends each ping back to its sender. */
export const echo: Handler<null, Any, []> = {
  init: () => null,
  handle: (state, from, context) => {
    context.send(from, context.self);
    return state;
  },
};

/** Counts messages and tells its owner after every thousand. */
export const sink: Handler<{ seen: number; owner: Any }, unknown, [Any]> = {
  init: (_context, owner) => ({ seen: 0, owner }),
  handle: (state, _message, context) => {
    if (++state.seen % 1_000 === 0) context.send(state.owner, 'window');
    return state;
  },
};

/** Answers calls and takes casts. */
export const server = genServer<null, [], BenchCall, 'ping'>({
  label: 'bench server',
  init: () => ok(null),
  handleCall: () => reply(PONG, null),
  handleCast: () => noReply(null),
});

const here = (name: string) => ({ module: import.meta.url, export: name });
/** The bodies by name, for other threads. */
export const BODIES = { echo: here('echo'), sink: here('sink'), server: here('server'), driver: here('driver') };

/** Plays one of the cross-thread cases from its own thread against a process on thread `peer`, and reports the figure. */
export function* driver(context: Parameters<typeof echo.handle>[2], kind: string, peer: number, owner: Any) {
  const placement = { thread: peer };
  if (kind === 'ping-pong') {
    const pid = context.spawn(BODIES.echo, [], { placement }) as Any;
    const figure = yield* repeat(100, function* () {
      for (let index = 0; index < 100; index++) {
        context.send(pid, context.self);
        yield* receive();
      }
    });
    context.send(owner, figure);
  } else if (kind.startsWith('bytes-') || kind.startsWith('shared-')) {
    const size = Number(kind.slice(kind.indexOf('-') + 1));
    const bytes = kind.startsWith('shared-') ? new Uint8Array(new SharedArrayBuffer(size)) : new Uint8Array(size);
    const pid = context.spawn(BODIES.sink, [context.self], { placement }) as Any;
    // A window of a hundred: more than that is not under way in what copies.
    const figure = yield* repeat(1_000, function* () {
      for (let index = 0; index < 1_000; index++) context.send(pid, bytes);
      yield* receive();
    });
    context.send(owner, figure);
  } else if (kind === 'one-way') {
    const pid = context.spawn(BODIES.sink, [context.self], { placement }) as Any;
    const blast = () => {
      for (let index = 0; index < 1_000; index++) context.send(pid, index);
    };
    blast();
    const figure = yield* repeat(1_000, function* () {
      blast();
      yield* receive();
    });
    context.send(owner, figure);
  } else {
    const pid = context.spawn(BODIES.server, [], { placement }) as Pid<never>;
    const figure = yield* repeat(100, function* () {
      for (let index = 0; index < 100; index++) yield* call(pid as never, PING as never);
    });
    context.send(owner, figure);
  }
}
