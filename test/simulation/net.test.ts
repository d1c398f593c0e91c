// Simulated sockets: a stream of bytes in order, with a window, and the endings of TCP.
import { describe, expect, it } from 'vitest';
import type { ListenEvent, SocketEvent } from '../../src/env/index.ts';
import { type Context, type Effects, receive, sleep, TIMEOUT } from '../../src/process/index.ts';
import { loadModules, type SimOptions, type SimSocket, simNet, simulate } from '../../src/testing.ts';
import { ECHO, echo } from '../actors/echo-server.ts';

type Process = Context<unknown>;

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytesOf = (written: string): Uint8Array => new TextEncoder().encode(written);

function* connected(context: Process, tcpPort = 7): Effects<SimSocket> {
  // Longer than a slow machine may keep the server from listening.
  yield* sleep(100);
  const socket = simNet(context).connect(tcpPort);
  context.own({ close: () => socket.destroy() });
  socket.attach(context.inlet());
  return socket;
}

/** Everything that is read until so many bytes, or the end. */
function* readText(socket: SimSocket, length: number): Effects<string[]> {
  const chunks: string[] = [];
  while (chunks.join('').length < length) {
    socket.active(1);
    const event = yield* receive<SocketEvent>(null, { afterMs: 1_000 });
    if (event === TIMEOUT) return [...chunks, 'nothing'];
    if (event.tag === 'closed') return [...chunks, `closed ${event.error ?? ''}`];
    if (event.tag === 'chunk') chunks.push(text(event.bytes));
  }
  return chunks;
}

function run<T>(options: SimOptions, body: (context: Process) => Effects<T>): T {
  return simulate({ strategy: 'portfolio', failOnSurvivors: false, ...options }, body).value;
}

describe('simulated sockets', () => {
  it('what has come together is one chunk', () => {
    const chunks = run({ strategy: { tag: 'fifo' } }, function* (context) {
      context.spawn(echo, [7]);
      const socket = yield* connected(context);
      for (const part of ['a', 'b', 'c']) socket.write(bytesOf(part));
      return yield* readText(socket, 3);
    });
    expect(chunks).toEqual(['abc']);
  });

  it('bytes keep their order under any schedule and any cuts, and the cuts come from the seed', () => {
    const written = Array.from({ length: 50 }, (_, n) => `${n},`).join('');
    const cuts = (seed: number) =>
      run({ seed, net: { segmentBytes: 9, latencyMs: 3 } }, function* (context) {
        context.spawn(echo, [7]);
        const socket = yield* connected(context);
        for (const part of written.split(/(?<=5)/)) socket.write(bytesOf(part));
        return yield* readText(socket, written.length);
      });
    const seen = new Set<string>();
    for (let seed = 1; seed <= 30; seed++) {
      expect(cuts(seed).join('')).toBe(written);
      expect(cuts(seed)).toEqual(cuts(seed));
      seen.add(cuts(seed).join('|'));
    }
    expect(seen.size).toBeGreaterThan(25);
  });

  it('what is written is copied: later changes to the bytes are not seen', () => {
    const chunks = run({}, function* (context) {
      context.spawn(echo, [7]);
      const socket = yield* connected(context);
      const bytes = bytesOf('abc');
      socket.write(bytes);
      bytes.fill(0);
      return yield* readText(socket, 3);
    });
    expect(chunks).toEqual(['abc']);
  });

  it('FIN comes behind what was written, and is answered', () => {
    const chunks = run({ net: { segmentBytes: 4 } }, function* (context) {
      context.spawn(echo, [7]);
      const socket = yield* connected(context);
      socket.write(bytesOf('quit'));
      return yield* readText(socket, 100);
    });
    expect(chunks.join('')).toBe('quitclosed ');
  });

  it('the death of one end is a reset for the other', () => {
    const seen = run({}, function* (context) {
      const server = context.spawn(echo, [7]);
      const socket = yield* connected(context);
      socket.write(bytesOf('a'));
      yield* readText(socket, 1);
      context.exit(server, 'kill');
      return yield* readText(socket, 1);
    });
    expect(seen).toEqual(['closed ECONNRESET']);
  });

  it('nobody listens: refused; a port that is taken: EADDRINUSE', () => {
    const seen = run({}, function* (context) {
      const nobody = yield* connected(context, 8);
      const refused = yield* readText(nobody, 1);
      context.spawn(echo, [7]);
      yield* sleep(1);
      context.env.net.listen({ host: '127.0.0.1', tcpPort: 7 }, context.inlet());
      return [...refused, yield* receive<ListenEvent>()];
    });
    expect(seen).toMatchObject(['closed ECONNREFUSED', { tag: 'listenFailed', code: 'EADDRINUSE' }]);
  });

  it('a reader that does not read fills the window, then the writer’s backlog, which drains when it reads', () => {
    const seen = run({ net: { windowBytes: 1_000 } }, function* (context) {
      context.spawn(echo, [7]);
      const socket = yield* connected(context);
      const isTaken = socket.write(new Uint8Array(1_049_577));
      const { backlogBytes } = socket;
      const drained = yield* receive<SocketEvent>();
      return [isTaken, backlogBytes, drained.tag, socket.backlogBytes];
    });
    expect(seen).toEqual([false, 1_048_577, 'drained', 0]);
  });

  it('a network that hangs passes nothing on until it goes again; one that is cut resets both ends', () => {
    const seen = run({}, function* (context) {
      context.spawn(echo, [7]);
      const socket = yield* connected(context);
      socket.stall(true);
      socket.write(bytesOf('late'));
      socket.active(1);
      const nothing = yield* receive(null, { afterMs: 60_000 });
      socket.stall(false);
      const late = yield* readText(socket, 4);
      socket.break();
      return [typeof nothing, ...late, ...(yield* readText(socket, 1)), simNet(context).sockets.size];
    });
    expect(seen).toEqual(['symbol', 'late', 'closed ECONNRESET', 0]);
  });

  it('THR-1 a thread that dies takes its sockets with it, and the other ends hear a reset', async () => {
    const modules = await loadModules(ECHO.module);
    const seen = new Set<string>();
    for (let step = 4; step < 20; step++) {
      const read = run({ modules, threads: 1, deviations: [[step, 'die 1']] }, function* (context) {
        context.spawn<unknown>(ECHO, [7], { placement: { thread: 1 } });
        const socket = yield* connected(context);
        socket.write(bytesOf('a'));
        const first = yield* readText(socket, 1);
        yield* sleep(5);
        return first[0] === 'a' ? [...first, ...(yield* readText(socket, 1))] : first;
      });
      seen.add(read.join(' '));
    }
    expect([...seen]).toEqual(['closed ECONNREFUSED', 'closed ECONNRESET', 'a closed ECONNRESET', 'a nothing']);
  });
});
