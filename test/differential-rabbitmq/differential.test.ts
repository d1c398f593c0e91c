// Random programs played on RabbitMQ and on Warren: every channel hears the same after every command.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRabbitmq } from '../../benchmarks/peers/rabbitmq.ts';
import { type Broker, startBroker } from '../../src/broker.ts';
import { Player } from './player.ts';
import { type Command, programs } from './programs.ts';

const PROGRAMS = Number(process.env.DIFFERENTIAL_PROGRAMS ?? 500);
const SEED = Number(process.env.DIFFERENTIAL_SEED ?? 20261123);

const rabbitmq = await startRabbitmq();
const isMissing = 'skipped' in rabbitmq;
if (isMissing) console.log(`skipped: ${rabbitmq.skipped}`);

describe.skipIf(isMissing)('random programs on RabbitMQ and on Warren', () => {
  let broker: Broker;
  beforeAll(async () => {
    broker = await startBroker({ amqpPort: 0, logger: 'silent' });
  });
  afterAll(async () => {
    await broker.stop();
    if (!('skipped' in rabbitmq)) await rabbitmq[Symbol.asyncDispose]();
  });

  it(`${PROGRAMS} of them are heard alike`, { timeout: 3_600_000 }, async () => {
    if ('skipped' in rabbitmq) return;
    const theirs = new Player(rabbitmq.amqpPort);
    const ours = new Player(broker.amqpPort);
    let commands = 0;
    await fc.assert(
      fc.asyncProperty(programs, async (program) => {
        const [want, got] = await Promise.all([theirs.play(program), ours.play(program)]);
        commands += program.length;
        const at = want.findIndex((each, place) => each !== got[place]);
        if (at >= 0) throw new Error(told(program, at, want[at], got[at]));
      }),
      { numRuns: PROGRAMS, seed: SEED, endOnFailure: process.env.DIFFERENTIAL_NO_SHRINK !== undefined },
    );
    console.log(`${PROGRAMS} programs, ${commands} commands, no difference`);
    expect(commands).toBeGreaterThan(PROGRAMS * 3);
  });
});

function told(program: readonly Command[], at: number, want: string, got: string): string {
  const story = program.slice(0, at + 1).map(({ at: place, name }) => `  ${place}: ${name}`);
  return `after\n${story.join('\n')}\nRabbitMQ says\n${want}\nand Warren\n${got}`;
}
