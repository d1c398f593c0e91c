// Question: the runtime cases once more, on an actor library: the same messages in the same shapes, about a second each.

import type { Actor, ActorLibrary } from './library.ts';

const SAMPLE_MS = 1_000;
const IDLE = 100_000;

type Case = (library: ActorLibrary) => Promise<number>;

/** Units per second when a round does `units` of them, repeated for about a second after a warm-up. */
async function repeat(units: number, round: () => Promise<unknown>): Promise<number> {
  const warmUntilMs = performance.now() + SAMPLE_MS / 5;
  while (performance.now() < warmUntilMs) await round();
  const startMs = performance.now();
  let rounds = 0;
  let nowMs = startMs;
  while (nowMs - startMs < SAMPLE_MS) {
    await round();
    rounds++;
    nowMs = performance.now();
  }
  return (rounds * units * 1_000) / (nowMs - startMs);
}

/** Something that is waited for again and again. */
class Bell {
  ring = (): void => {};
  heard(start: () => void): Promise<void> {
    return new Promise((resolve) => {
      this.ring = resolve;
      start();
    });
  }
}

const pingPong: Case = (library) => {
  const bell = new Bell();
  let left = 0;
  const echo = library.spawn((from) => (from as Actor).send('pong'));
  const pinger: Actor = library.spawn(() => {
    if (--left > 0) echo.send(pinger);
    else bell.ring();
  });
  return repeat(1_000, () =>
    bell.heard(() => {
      left = 1_000;
      echo.send(pinger);
    }),
  );
};

const oneWay: Case = (library) => {
  const bell = new Bell();
  let seen = 0;
  let windows = 0;
  // A round ends, because some libraries deliver within `send` and would never come back.
  const source: Actor = library.spawn(() => {
    if (windows-- > 0) for (let index = 0; index < 1_000; index++) sink.send(index);
  });
  const sink: Actor = library.spawn(() => {
    if (++seen % 1_000 === 0) source.send('window');
    if (seen % 100_000 === 0) bell.ring();
  });
  return repeat(100_000, () =>
    bell.heard(() => {
      windows = 100;
      source.send('go');
      source.send('go');
    }),
  );
};

const ring: Case = (library) => {
  const bell = new Bell();
  const members: Actor[] = [];
  for (let index = 0; index < 1_000; index++) {
    const member = library.spawn((message) => {
      const { left } = message as { left: number };
      if (left === 0) bell.ring();
      else members[(index + 1) % 1_000].send({ left: left - 1 });
    });
    members.push(member);
  }
  return repeat(10_000, () => bell.heard(() => members[0].send({ left: 10_000 })));
};

const fanIn: Case = (library) => {
  const bell = new Bell();
  let seen = 0;
  const to = library.spawn(() => {
    if (++seen % 10_000 === 0) bell.ring();
  });
  const send = (count: unknown) => {
    for (let index = 0; index < (count as number); index++) to.send(index);
  };
  const senders = Array.from({ length: 1_000 }, () => library.spawn(send));
  return repeat(10_000, () =>
    bell.heard(() => {
      for (const sender of senders) sender.send(10);
    }),
  );
};

const fanOut: Case = (library) => {
  const bell = new Bell();
  let seen = 0;
  const receivers = Array.from({ length: 1_000 }, () =>
    library.spawn(() => {
      if (++seen % 10_000 === 0) bell.ring();
    }),
  );
  return repeat(10_000, () =>
    bell.heard(() => {
      for (let turn = 0; turn < 10; turn++) for (const receiver of receivers) receiver.send(turn);
    }),
  );
};

const call: Case = (library) => {
  const ask = library.server?.();
  if (ask === undefined) throw new Error('it has no questions and answers');
  return repeat(100, async () => {
    for (let index = 0; index < 100; index++) await ask();
  });
};

const spawnExit: Case = (library) =>
  repeat(1_000, () => {
    for (let index = 0; index < 1_000; index++) library.end(library.spawn(() => {}));
    // What ends an actor may be put off; let it happen.
    return new Promise((resolve) => setImmediate(resolve));
  });

const idleBytes: Case = async (library) => {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('run with --expose-gc');
  const actors: Actor[] = new Array(IDLE);
  gc();
  const before = process.memoryUsage().heapUsed;
  for (let index = 0; index < IDLE; index++) actors[index] = library.spawn(() => {});
  gc();
  const bytes = (process.memoryUsage().heapUsed - before) / IDLE;
  for (const actor of actors) library.end(actor);
  return bytes;
};

/** By the name of the runtime case that does the same. */
export const LIBRARY_CASES: Readonly<Record<string, Case>> = {
  'ping-pong': pingPong,
  'one-way': oneWay,
  ring,
  'fan-in': fanIn,
  'fan-out': fanOut,
  'gen-server-call': call,
  'spawn-exit': spawnExit,
  'idle-bytes': idleBytes,
};
