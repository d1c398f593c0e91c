// A stream on the simulated disk, and the power goes at any moment (B1, B4, B5, B24): the next run has every message whose
// confirm the client has seen, once and in order, under offsets without gaps, and what a reader was given at an offset is
// still there.
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
  readonly cutMs: number;
  readonly policy: CutPolicy;
  readonly kills: readonly number[];
}

/** An offset and the body that is there. */
type Entry = readonly [offset: number, body: number];

interface Book {
  readonly disk: SimDisk;
  readonly confirmed: readonly number[];
  readonly attempted: number;
  readonly given: readonly Entry[];
}

const STREAM = 'kept';
const STORE = { log: { segmentBytes: 700, aheadBytes: 400 }, residentBytesMax: 1_000 };
const ARGUMENTS = wire.table(
  wire.field('x-queue-type', 'S', wire.longstr('stream')),
  wire.field('x-stream-max-segment-size-bytes', 'I', wire.u32(90)),
);
const FROM_FIRST = wire.table(wire.field('x-stream-offset', 'S', wire.longstr('first')));
const OFFSET = 'x-stream-offset';

const programs: fc.Arbitrary<Program> = fc.record({
  published: fc.integer({ min: 1, max: 6 }),
  cutMs: fc.nat(40),
  policy: fc.constantFrom(...CUT_POLICIES),
  kills: fc.array(fc.nat(30), { maxLength: 1 }),
});

/** Takes deliveries and confirms out of what came; acknowledges what was delivered. */
class Ears {
  readonly given: Entry[] = [];
  readonly confirmed = new Set<number>();
  private offset = -1;
  private readonly client: WireClient;

  constructor(client: WireClient) {
    this.client = client;
  }

  take(): void {
    for (const { type, name, payload } of this.client.frames.splice(0)) {
      if (name === '60.80') {
        const upTo = Number(payload.readBigUInt64BE(4));
        for (let seq = payload[12] === 1 ? 1 : upTo; seq <= upTo; seq++) this.confirmed.add(seq - 1);
      } else if (type === 2) {
        this.offset = Number(payload.readBigInt64BE(payload.indexOf(OFFSET) + OFFSET.length + 1));
      } else if (type === 3) {
        this.given.push([this.offset, payload[0]]);
        this.client.send(wire.ack(1, this.given.length));
      }
    }
  }
}

function* listen(client: WireClient): Effects<Ears> {
  yield* client.ask(wire.qos(1, 3), '60.11');
  client.send(wire.consume(1, STREAM, 'reader', false, FROM_FIRST));
  return new Ears(client);
}

/** The first run: load until the power goes. */
function* first(context: Context<unknown>, program: Program, threads: 0 | 2, seed: number): Effects<Book> {
  newTrace();
  yield* startBroker(context, threads, STORE);
  const client = yield* WireClient.open(context, AMQP);
  yield* client.ask(wire.queueDeclare(1, STREAM, 0b00010, ARGUMENTS), '50.11');
  yield* client.ask(wire.confirmSelect(1), '85.11');
  const ears = yield* listen(client);
  const sender = context.spawn(function* load(): Effects<void> {
    for (let count = 0; count < program.published; count++) {
      client.publish(1, STREAM, Buffer.from([count]));
      if (count % 2 === 1) yield* sleep(3);
    }
  });
  for (const slices of program.kills) context.spawn(killer, [STREAM, slices]);
  const untilMs = context.now() + program.cutMs;
  while (context.now() < untilMs) {
    yield* client.hear(context, 3);
    ears.take();
  }
  context.exit(sender, 'kill');
  const disk = simDisk(context).crash(program.policy, new SeededRandom(seed));
  return { disk, confirmed: [...ears.confirmed], attempted: program.published, given: ears.given };
}

/** The next run: everything that is there; null when nothing was declared. */
function* second(context: Context<unknown>, threads: 0 | 2): Effects<readonly Entry[] | null> {
  newTrace();
  yield* startBroker(context, threads, STORE);
  const client = yield* WireClient.open(context, AMQP);
  client.send(wire.queueDeclare(1, STREAM, 0b00001));
  const answer = yield* client.until(
    () => client.frames.find(({ name }) => name === '50.11' || name === '20.40'),
    'answer',
  );
  if (answer.name === '20.40') return null;
  const count = answer.payload.readUInt32BE(5 + STREAM.length);
  client.frames.length = 0;
  const ears = yield* listen(client);
  while (ears.given.length < count) {
    yield* client.hear(context, 3);
    ears.take();
  }
  // Whatever comes beyond that is too much.
  yield* client.hear(context, 50);
  ears.take();
  return ears.given;
}

/** What the runs have met. */
const seen = { confirmed: 0, unconfirmed: 0, given: 0 };

function check(tape: SimTape, program: Program, threads: 0 | 2): void {
  const options = wireOptions(threads, 0);
  const book = simulate({ ...options, tape, disk: { latencyMs: 3 } }, (context) =>
    first(context, program, threads, tape.seed),
  ).value;
  const found =
    simulate({ ...options, seed: tape.seed, disk: { from: book.disk } }, (context) => second(context, threads)).value ??
    [];
  const bodies = found.map(([, body]) => body);
  expect(found.map(([offset]) => offset)).toEqual(found.map((_entry, place) => place));
  expect(bodies).toEqual([...new Set(bodies)].sort((a, b) => a - b));
  expect(bodies.every((body) => body < book.attempted)).toBe(true);
  expect(book.confirmed.filter((body) => !bodies.includes(body))).toEqual([]);
  for (const [offset, body] of book.given) expect([offset, bodies[offset]]).toEqual([offset, body]);
  seen.confirmed += book.confirmed.length;
  seen.unconfirmed += book.attempted - book.confirmed.length;
  seen.given += book.given.length;
}

it.each([0, 2] as const)(
  'B1 B4 B5 B24 a stream with %i data threads keeps what it confirmed and what it gave through a loss of power',
  (threads) => {
    fc.assert(
      fc.property(schedules(), programs, (tape, program) => check(tape, program, threads)),
      { numRuns: 150, seed: 20_260_101 },
    );
    expect(seen.confirmed).toBeGreaterThan(100);
    expect(seen.unconfirmed).toBeGreaterThan(50);
    expect(seen.given).toBeGreaterThan(100);
  },
);
