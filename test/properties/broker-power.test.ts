// The whole broker on the simulated disk, and the power goes at any moment (B1, B4, B5, B10, B24): the next run has every
// message whose confirm the client has seen, in order, and what was given out before says so.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Context, type Effects, sleep } from '../../src/process/index.ts';
import { CUT_POLICIES, type CutPolicy, SeededRandom, type SimDisk, simDisk } from '../../src/simulation/index.ts';
import { type SimTape, schedules, simulate } from '../../src/testing.ts';
import * as wire from '../support/wire.ts';
import { newTrace } from './broker/trace.ts';
import { killer } from './broker/world.ts';
import { WireClient } from './wire/wire-client.ts';
import { AMQP, startBroker, wireOptions } from './wire/world.ts';

interface Program {
  readonly published: number;
  readonly taken: number;
  readonly cutMs: number;
  readonly policy: CutPolicy;
  readonly kills: readonly number[];
}

interface Book {
  readonly disk: SimDisk;
  readonly confirmed: readonly number[];
  readonly attempted: number;
  readonly acked: readonly number[];
  readonly given: readonly number[];
}

const QUEUE = 'kept';
const STORE = { log: { segmentBytes: 700, aheadBytes: 400 }, residentBytesMax: 1_000 };
const PERSISTENT = wire.u8(2);
/** Flags of basic.properties with delivery-mode only. */
const DELIVERY_MODE = 0x1000;

const programs: fc.Arbitrary<Program> = fc.record({
  published: fc.integer({ min: 1, max: 6 }),
  taken: fc.nat(3),
  cutMs: fc.nat(40),
  policy: fc.constantFrom(...CUT_POLICIES),
  kills: fc.array(fc.nat(30), { maxLength: 1 }),
});

function persistent(body: Buffer): Buffer {
  const header = wire.publishMethod(1, '', QUEUE);
  const properties = Buffer.concat([wire.u16(DELIVERY_MODE), PERSISTENT]);
  return Buffer.concat([header, wire.contentHeader(1, body.length, properties), wire.contentBody(1, body)]);
}

/** The first run: load until the power goes. */
function* first(context: Context<unknown>, program: Program, threads: 0 | 2, seed: number): Effects<Book> {
  newTrace();
  yield* startBroker(context, threads, STORE);
  const client = yield* WireClient.open(context, AMQP);
  yield* client.ask(wire.queueDeclare(1, QUEUE, 0b00010), '50.11');
  yield* client.ask(wire.confirmSelect(1), '85.11');
  const sender = context.spawn(function* load(): Effects<void> {
    for (let count = 0; count < program.published; count++) {
      client.send(persistent(Buffer.from([count])));
      if (count % 2 === 1) yield* sleep(3);
    }
    for (let count = 0; count < program.taken; count++) client.send(wire.get(1, QUEUE, false));
  });
  for (const slices of program.kills) context.spawn(killer, [QUEUE, slices]);
  const confirmed = new Set<number>();
  const given: number[] = [];
  const acked: number[] = [];
  const look = (): void => {
    for (const { type, name, payload } of client.frames.splice(0)) {
      if (name === '60.80') {
        const upTo = Number(payload.readBigUInt64BE(4));
        const from = payload[12] === 1 ? 1 : upTo;
        for (let seq = from; seq <= upTo; seq++) confirmed.add(seq - 1);
      } else if (type === 3) {
        given.push(payload[0]);
        if (given.length % 2 === 1) {
          acked.push(payload[0]);
          client.send(wire.ack(1, given.length));
        }
      }
    }
  };
  const untilMs = context.now() + program.cutMs;
  while (context.now() < untilMs) {
    yield* client.hear(context, 3);
    look();
  }
  context.exit(sender, 'kill');
  const disk = simDisk(context).crash(program.policy, new SeededRandom(seed));
  return { disk, confirmed: [...confirmed], attempted: program.published, acked, given };
}

/** The next run: everything that is there, in order. */
function* second(
  context: Context<unknown>,
  threads: 0 | 2,
): Effects<readonly { body: number; redelivered: boolean }[]> {
  newTrace();
  yield* startBroker(context, threads, STORE);
  const client = yield* WireClient.open(context, AMQP);
  // Passive: what was declared is there, or nothing was confirmed.
  client.send(wire.queueDeclare(1, QUEUE, 0b00001));
  const answer = yield* client.until(
    () => client.frames.find(({ name }) => name === '50.11' || name === '20.40'),
    'answer',
  );
  const found: { body: number; redelivered: boolean }[] = [];
  if (answer.name === '20.40') return found;
  for (;;) {
    client.frames.length = 0;
    client.send(wire.get(1, QUEUE, true));
    const got = yield* client.until(
      () => client.frames.find(({ type, name }) => name === '60.72' || type === 3),
      'get',
    );
    if (got.type !== 3) return found;
    const ok = client.frames.find(({ name }) => name === '60.71');
    found.push({ body: got.payload[0], redelivered: ok?.payload[12] === 1 });
  }
}

/** What the runs have met. */
const seen = { owed: 0, unconfirmed: 0 };

function check(tape: SimTape, program: Program, threads: 0 | 2): void {
  const options = wireOptions(threads, 0);
  const book = simulate({ ...options, tape, disk: { latencyMs: 3 } }, (context) =>
    first(context, program, threads, tape.seed),
  ).value;
  const found = simulate({ ...options, seed: tape.seed, disk: { from: book.disk } }, (context) =>
    second(context, threads),
  ).value;
  const bodies = found.map(({ body }) => body);
  expect(bodies).toEqual([...bodies].sort((a, b) => a - b));
  expect(bodies.every((body) => body < book.attempted)).toBe(true);
  expect(new Set(bodies).size).toBe(bodies.length);
  const owed = book.confirmed.filter((body) => !book.acked.includes(body));
  expect(owed.filter((body) => !bodies.includes(body))).toEqual([]);
  seen.owed += owed.length;
  seen.unconfirmed += book.attempted - book.confirmed.length;
  for (const { body, redelivered } of found)
    if (book.given.includes(body)) expect([body, redelivered]).toEqual([body, true]);
}

it.each([0, 2] as const)(
  'B1 B4 B5 B10 B24 a broker with %i data threads keeps what it confirmed through a loss of power',
  (threads) => {
    fc.assert(
      fc.property(schedules(), programs, (tape, program) => check(tape, program, threads)),
      { numRuns: 150, seed: 20_260_101 },
    );
    expect(seen.owed).toBeGreaterThan(100);
    expect(seen.unconfirmed).toBeGreaterThan(50);
  },
);
