// What must be refused, said to a real RabbitMQ and to this broker byte by byte: both let go of the client in the same way
// (reliability 2.d). The wrong frames are those of the fuzzer, each kind many times over.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRabbitmq } from '../../benchmarks/peers/rabbitmq.ts';
import { type Broker, startBroker } from '../../src/broker.ts';
import { Random } from '../fuzz/random.ts';
import { REFUSALS } from '../fuzz/refusals.ts';
import { RawClient } from '../support/raw-client.ts';
import * as wire from '../support/wire.ts';

const SEED = 20_261_123;
const TIMES = 24;

/**
 * What RabbitMQ 3.10 does instead, reviewed one by one (docs/rabbitmq-differences.md). `silent`: its connection process
 * crashes and the socket is dropped. `taken`: it goes on, with a content that never ends, with names that are no text in
 * basic.publish only or of code points that there are not, or with as many levels as the stack holds.
 */
const INTENDED: Readonly<Record<string, { readonly theirs: readonly string[]; readonly ours: string }>> = {
  'a body longer than announced': { theirs: ['taken'], ours: 'connection 501' },
  'a field of an unknown type': { theirs: ['silent'], ours: 'connection 502' },
  'a name that is no UTF-8': { theirs: ['taken', 'connection 501'], ours: 'connection 501' },
  'a table or an array longer than what it is in': { theirs: ['silent', 'connection 501'], ours: 'connection 501' },
  'an unknown method': { theirs: ['silent'], ours: 'connection 503' },
  'tables or arrays nested too deep': { theirs: ['taken'], ours: 'connection 502' },
};

const rabbitmq = await startRabbitmq();
if ('skipped' in rabbitmq) console.log(`skipped: ${rabbitmq.skipped}`);

/** Which scope was closed with which code; `taken` when what is said next is answered instead, `silent` for a bare end. */
async function answerTo(amqpPort: number, frames: readonly Buffer[]): Promise<string> {
  await using client = await RawClient.open(amqpPort);
  client.send(...frames, wire.channelOpen(9));
  const found = () => {
    const [close] = client.closes();
    if (close !== undefined) return `${close.scope} ${close.code}`;
    if (client.frames.some(({ name, channel }) => name === '20.11' && channel === 9)) return 'taken';
    return client.isOver ? 'silent' : undefined;
  };
  return await client.until(found, 'an answer').catch(() => 'waits');
}

describe.skipIf('skipped' in rabbitmq)('what is wrong on purpose', () => {
  let broker: Broker;
  let theirPort = 0;
  beforeAll(async () => {
    broker = await startBroker({ amqpPort: 0, logger: 'silent' });
    if (!('skipped' in rabbitmq)) theirPort = rabbitmq.amqpPort;
  });
  afterAll(async () => {
    await broker.stop();
    if (!('skipped' in rabbitmq)) await rabbitmq[Symbol.asyncDispose]();
  });

  it.each(Object.entries(REFUSALS))('%s', async (name, refuse) => {
    const intended = INTENDED[name];
    const differences: string[] = [];
    for (let number = 0; number < TIMES; number++) {
      const { frames } = refuse(new Random(SEED, number), 1);
      const [theirs, ours] = await Promise.all([answerTo(theirPort, frames), answerTo(broker.amqpPort, frames)]);
      const isAlike =
        intended === undefined ? theirs === ours : intended.theirs.includes(theirs) && intended.ours === ours;
      const hex = Buffer.concat(frames).toString('hex').slice(0, 200);
      if (!isAlike || ours === 'taken') differences.push(`${theirs} / ${ours}: ${hex}`);
    }
    expect(differences).toEqual([]);
  });
});
