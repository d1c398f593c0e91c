// The broker under the same bytes (reliability 2.d): whatever one connection says, the next one works, nobody else's does
// worse, and no process crashes but in the way that a refusal does.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as login } from 'amqplib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker.ts';
import { readCorpus } from './corpus.ts';
import { inputOf } from './inputs.ts';

const SEED = 7;
const SESSIONS = 3_000;
const AT_ONCE = 100;
/** Long enough for an answer, far shorter than any of the broker's patience. */
const QUIET_MS = 60;

let broker: Broker;
const complaints: string[] = [];

beforeAll(async () => {
  const log = (level: string, event: string, data?: object) => {
    if (level === 'error') complaints.push(`${event} ${JSON.stringify(data)}`);
  };
  broker = await startBroker({ amqpPort: 0, threads: 0, logger: { log } });
});
afterAll(() => broker.stop());

/** Says these bytes in these pieces, and hangs up when nothing has come back for a while. */
async function say(pieces: readonly Buffer[]): Promise<void> {
  const socket = connect({ port: broker.amqpPort, host: '127.0.0.1' });
  socket.on('error', () => {});
  await once(socket, 'connect');
  for (const piece of pieces) {
    if (socket.destroyed) break;
    socket.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await quiet(socket);
  socket.destroy();
}

function quiet(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    let timer = setTimeout(resolve, QUIET_MS);
    socket.on('data', () => {
      clearTimeout(timer);
      timer = setTimeout(resolve, QUIET_MS);
    });
    socket.on('close', () => resolve());
  });
}

async function nextConnectionWorks(): Promise<void> {
  const connection = await login(broker.url);
  const channel = await connection.createConfirmChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  channel.sendToQueue(queue, Buffer.from('still here'));
  await channel.waitForConfirms();
  expect(await channel.get(queue, { noAck: true })).toMatchObject({ content: Buffer.from('still here') });
  await connection.close();
}

async function sayAll(sessions: readonly (readonly Buffer[])[]): Promise<void> {
  for (let from = 0; from < sessions.length; from += AT_ONCE) {
    await Promise.all(sessions.slice(from, from + AT_ONCE).map(say));
    await nextConnectionWorks();
    expect(complaints).toEqual([]);
  }
}

it('each entry of the corpus leaves the broker as it was', () => sayAll(readCorpus().map(({ bytes }) => [bytes])));

it(`${SESSIONS} sessions of seed ${SEED}, cut at random, leave it as it was`, async () => {
  const sessions = Array.from({ length: SESSIONS }, (_, number) => {
    const { frames, cuts } = inputOf(SEED, number);
    const bytes = Buffer.concat(frames);
    return [...cuts, bytes.length].map((to, index) => bytes.subarray(cuts[index - 1] ?? 0, to));
  });
  await sayAll(sessions);
}, 120_000);
