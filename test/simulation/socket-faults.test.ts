// Faults of simulated streams as deviations of the schedule: they are drawn by the seed, replay from a token and shrink.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SocketEvent } from '../../src/env/index.ts';
import { type Context, type Effects, isDown, receive, sleep, TIMEOUT } from '../../src/process/index.ts';
import {
  checkSchedules,
  type Deviation,
  type FaultOptions,
  findFailure,
  heal,
  replay,
  type SimSocket,
  schedules,
  simNet,
  simulate,
} from '../../src/testing.ts';
import { echo } from '../actors/echo-server.ts';
import { WireClient } from '../properties/wire/wire-client.ts';
import { AMQP, startBroker, wireOptions } from '../properties/wire/world.ts';
import * as wire from '../support/wire.ts';

type Process = Context<unknown>;

function* connected(context: Process): Effects<SimSocket> {
  context.spawn(echo, [7]);
  yield* sleep(100);
  const socket = simNet(context).connect(7);
  context.own({ close: () => socket.destroy() });
  socket.attach(context.inlet());
  socket.active(1_000);
  return socket;
}

/** Writes 20 letters and says what comes of them, with the times. */
function* letters(context: Process): Effects<string[]> {
  const socket = yield* connected(context);
  context.sendAfter(10, context.self, 'write');
  yield* receive((message) => message === 'write');
  socket.write(new TextEncoder().encode('abcdefghijklmnopqrst'));
  const heard: string[] = [];
  for (let length = 0; length < 20; ) {
    const event = yield* receive<SocketEvent>(null, { afterMs: 1_000 });
    if (event === TIMEOUT) return [...heard, 'nothing'];
    const atMs = Math.round(context.now());
    if (event.tag === 'closed') return [...heard, `${atMs} ${event.error}`];
    if (event.tag !== 'chunk') continue;
    length += event.bytes.length;
    heard.push(`${atMs} ${new TextDecoder().decode(event.bytes)}`);
  }
  return heard;
}

const heardUnder = (deviations: readonly Deviation[]) => simulate({ deviations }, letters);

/** The step at which the letters are written in the plain run. */
const WRITTEN = (() => {
  let step = 0;
  const probe = (at: number) => heardUnder([[at, 'reset 1']]).value.join() === '110 ECONNRESET';
  while (!probe(step)) step++;
  return step;
})();

describe('faults of simulated streams', () => {
  it('a reset is heard by both ends, and what is under way is lost', () => {
    expect(heardUnder([]).value).toEqual(['110 abcdefghijklmnopqrst']);
    const result = heardUnder([[WRITTEN, 'reset 1']]);
    expect(result.value).toEqual(['110 ECONNRESET']);
    expect(result.describe()).toContain('socket stream 1 is reset');
  });

  it('a stall keeps everything back for its time, and a stream goes on behind it', () => {
    expect(heardUnder([[WRITTEN, 'stall 1 200']]).value).toEqual(['300 abcdefghijklmnopqrst']);
    // Two at a time are as long as the longer one.
    const both = heardUnder([
      [WRITTEN, 'stall 1 200'],
      [WRITTEN + 1, 'stall 1 50'],
    ]);
    expect(both.value).toEqual(['300 abcdefghijklmnopqrst']);
  });

  it('segments come in pieces of so many bytes from then on', () => {
    expect(heardUnder([[WRITTEN, 'segment 1 7']]).value).toEqual(['110 abcdefg', '110 hijklmn', '110 opqrst']);
  });

  it('a stream that is not there cannot be struck, and that is said', () => {
    const result = heardUnder([[WRITTEN, 'reset 2']]);
    expect(result.value).toEqual(['110 abcdefghijklmnopqrst']);
    expect(result.missed).toEqual([[WRITTEN, 'reset 2']]);
  });

  it('heal ends stalls and segments', () => {
    const healed = function* (context: Process) {
      const socket = yield* connected(context);
      socket.write(new TextEncoder().encode('abc'));
      yield* sleep(5);
      heal(context);
      const event = yield* receive<SocketEvent>(null, { afterMs: 20 });
      return event !== TIMEOUT && event.tag === 'chunk' ? new TextDecoder().decode(event.bytes) : event;
    };
    const at = (step: number): Deviation[] => [
      [step, 'stall 1 100000'],
      [step + 1, 'segment 1 1'],
    ];
    const steps = simulate({}, healed).steps;
    let struck = 0;
    for (let step = 0; step < steps; step++) {
      const result = simulate({ deviations: at(step), failOnLeaks: false }, healed);
      expect(['abc', 'a']).toContain(result.value);
      if (result.value === 'abc' && result.deviations.length === 2) struck++;
    }
    expect(struck).toBeGreaterThan(0);
  });

  it.each<[string, FaultOptions, RegExp]>([
    ['cuts', { socketCuts: 2 }, /^reset 1$/],
    ['stalls', { socketStalls: 2, socketStallMsMax: 30 }, /^stall 1 ([12]?\d|30)$/],
    ['segments', { socketSegments: 2 }, /^segment 1 [1-9]\d?$/],
  ])('%s are drawn by the seed, and a token replays them', (_, faults, form) => {
    let struck = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const result = simulate({ seed, faults }, letters);
      for (const [, key] of result.deviations) expect(key).toMatch(form);
      struck += result.deviations.length;
      const again = replay(result.token, letters);
      expect([again.hash, again.value]).toEqual([result.hash, result.value]);
    }
    expect(struck).toBeGreaterThan(4);
  });
});

const BODIES = ['1', '2', '3', '4'];

/** Publishes what is not confirmed, one after the other; ends with an error when its stream does. */
function* publisher(own: Process, confirmed: Set<string>): Effects<void> {
  const client = yield* WireClient.open(own, AMQP);
  yield* client.ask(wire.queueDeclare(1, 'q', 0b00010), '50.11');
  yield* client.ask(wire.confirmSelect(1), '85.11');
  for (const [count, body] of BODIES.filter((each) => !confirmed.has(each)).entries()) {
    client.publish(1, 'q', Buffer.from(body));
    yield* client.method('60.80', count + 1);
    confirmed.add(body);
  }
}

/** As if what was written had arrived. */
function* careless(own: Process, confirmed: Set<string>): Effects<void> {
  const client = yield* WireClient.open(own, AMQP);
  yield* client.ask(wire.queueDeclare(1, 'q', 0b00010), '50.11');
  for (const body of BODIES.filter((each) => !confirmed.has(each))) {
    client.publish(1, 'q', Buffer.from(body));
    confirmed.add(body);
    yield* sleep(1);
  }
  yield* client.ask(wire.queueDeclare(1, 'q', 0b00010), '50.11');
}

/** A client that connects again until all is confirmed; then everything has to be in the queue. */
const reconnecting = (client: typeof publisher, threads: 0 | 2 = 0) =>
  function* body(context: Process): Effects<number> {
    yield* startBroker(context, threads);
    const confirmed = new Set<string>();
    let connects = 0;
    for (let isOver = false; !isOver; connects++) {
      const { ref } = context.spawnMonitor(client, [confirmed]);
      const { reason } = yield* receive((message) => isDown(message, ref));
      isOver = reason === 'normal';
    }
    heal(context);
    const reader = yield* WireClient.open(context, AMQP);
    reader.send(wire.consume(1, 'q', 'c'));
    yield* reader.hear(context, 500);
    const lost = BODIES.filter((each) => !reader.bodies().includes(each));
    if (lost.length > 0) throw new Error(`B1 confirmed and lost: ${lost}`);
    return connects;
  };

const ALL: FaultOptions = { socketCuts: 2, socketStalls: 2, socketSegments: 1 };
const options = { ...wireOptions(0, 0), faults: ALL };

describe('a broker behind streams that break', () => {
  it.each([0, 2] as const)(
    'B1 with %i data threads what was confirmed is there, whatever becomes of the streams',
    (threads) => {
      const connects = new Set<number>();
      checkSchedules(
        {
          ...wireOptions(threads, 0),
          faults: ALL,
          schedules: 60,
          onRun: (run) => void connects.add(run.isOk ? (run.value as number) : 0),
        },
        reconnecting(publisher, threads),
      );
      // Some were cut, some were not.
      expect(connects.size).toBeGreaterThan(1);
    },
  );

  it('with 2 data threads finds a client that does not wait for confirms', () => {
    const found = findFailure(
      { ...wireOptions(2, 0), faults: ALL, schedules: 300 },
      reconnecting(careless as typeof publisher, 2),
    );
    expect(found?.result.describe()).toContain('B1 confirmed and lost');
    expect(found?.result.deviations.some(([, key]) => key.startsWith('reset'))).toBe(true);
  });

  it('finds a client that does not wait for confirms, and a cut is among the little that is left of the schedule', () => {
    const found = findFailure({ ...options, schedules: 300 }, reconnecting(careless as typeof publisher));
    expect(found?.result.describe()).toContain('B1 confirmed and lost');
    const keys = found?.result.deviations.map(([, key]) => key.replace(/ .*/, '')) ?? [];
    expect(keys).toContain('reset');
    expect(keys.length).toBeLessThanOrEqual(3);
    const { faults, ...plain } = options;
    expect(faults).toBe(ALL);
    const again = replay(found?.result.token ?? '', reconnecting(careless as typeof publisher), plain);
    expect(again.hash).toBe(found?.result.hash);
  });

  it('shrinks the inputs together with the cut', () => {
    const property = fc.property(schedules({ faults: { socketCuts: 3 } }), fc.nat(9), (tape, extra) => {
      simulate({ tape }, function* (context: Process) {
        for (let count = 0; count < extra; count++) context.spawn(() => {});
        const heard = yield* letters(context);
        if (heard.join().includes('ECONNRESET')) throw new Error('cut');
      }).value;
    });
    const { failed, counterexample } = fc.check(property, { seed: 42, numRuns: 200 });
    expect([failed, counterexample?.[1]]).toEqual([true, 0]);
    expect(counterexample?.[0].toString()).toMatch(/\(step \d+: reset 1\)$/);
  });
});
