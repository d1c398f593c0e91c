// One session cut, reset and stalled at every octet (reliability 2.d): what was said whole has happened, what was not has
// not, what was delivered and not acknowledged is back, and nothing is invented.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as login } from 'amqplib';
import { expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker.ts';
import * as wire from '../support/wire.ts';

/** The steps of the session; a client may say it all at once, since the tag of what it gets is known beforehand. */
function steps(queue: string): readonly Buffer[] {
  return [
    wire.OPENING,
    wire.queueDeclare(1, queue, 0),
    wire.confirmSelect(1),
    wire.publish(1, '', queue, Buffer.from('first')),
    wire.publish(1, '', queue, Buffer.from('second')),
    wire.get(1, queue, false),
    wire.ack(1, 1),
    wire.publish(1, '', queue, Buffer.from('third')),
    wire.channelClose(1),
    wire.connectionClose,
  ];
}

/** What the queue holds when its session has come so far, once the session is over: null where it was not declared. */
function after(count: number): readonly string[] | null {
  if (count < 2) return null;
  const published = ['first', 'second', 'third'].filter((_, index) => count >= [4, 5, 8][index]);
  return count >= 7 ? published.slice(1) : published;
}

/** How many steps are whole in so many octets. */
function wholeSteps(offset: number): number {
  let at = 0;
  return steps('q-000').filter((step) => {
    at += step.length;
    return at <= offset;
  }).length;
}

/** Whether a queue holds what it can hold when its peer vanished: the session has come to some step, never further. */
function canHold(found: readonly string[] | null, offset: number): boolean {
  const states = Array.from({ length: wholeSteps(offset) + 1 }, (_, count) => JSON.stringify(after(count)));
  return states.includes(JSON.stringify(found));
}

const LENGTH = Buffer.concat(steps('q-000')).length;
const OFFSETS = Array.from({ length: LENGTH + 1 }, (_, offset) => offset);
const nameOf = (offset: number) => `q-${String(offset).padStart(3, '0')}`;
const AT_ONCE = 50;

async function said(broker: Broker, offset: number): Promise<Socket> {
  const socket = connect({ port: broker.amqpPort, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'connect');
  if (offset > 0)
    await new Promise((resolve) => socket.write(Buffer.concat(steps(nameOf(offset))).subarray(0, offset), resolve));
  return socket;
}

/** What the queues hold, once they hold it; the text says what differs. */
async function contents(broker: Broker, offset: number): Promise<readonly string[] | null> {
  const connection = await login(broker.url);
  connection.on('error', () => {});
  const channel = await connection.createChannel();
  channel.on('error', () => {});
  const found: string[] = [];
  try {
    await channel.checkQueue(nameOf(offset));
    for (let next = await channel.get(nameOf(offset)); next !== false; next = await channel.get(nameOf(offset))) {
      found.push(next.content.toString());
    }
    return found;
  } catch (error) {
    expect(String(error)).toContain('NOT_FOUND');
    return null;
  } finally {
    // What was looked at goes back.
    await connection.close();
  }
}

async function atEvery(work: (offset: number) => Promise<void>): Promise<void> {
  for (let from = 0; from < OFFSETS.length; from += AT_ONCE)
    await Promise.all(OFFSETS.slice(from, from + AT_ONCE).map(work));
}

it.each(['cut', 'reset'] as const)(
  `%s at each of its ${LENGTH} octets: nothing is invented or out of order, and what was taken is back`,
  async (how) => {
    await using broker = await startBroker({ amqpPort: 0, threads: 0, logger: 'silent' });
    await atEvery(async (offset) => {
      const socket = await said(broker, offset);
      if (how === 'cut') socket.end();
      else socket.resetAndDestroy();
      const poll = expect.poll(async () => canHold(await contents(broker, offset), offset), {
        message: `at ${offset}`,
      });
      await poll.toBe(true);
      socket.destroy();
    });
  },
  120_000,
);

it('stalled there, all at once: the others are served, all that was said whole has happened, and what was taken is back', async () => {
  await using broker = await startBroker({ amqpPort: 0, threads: 0, logger: 'silent' });
  const sockets: Socket[] = [];
  await atEvery(async (offset) => void sockets.push(await said(broker, offset)));
  // The last one has said all of it in one breath, its close as well.
  await expect.poll(() => contents(broker, LENGTH), { timeout: 5_000 }).toEqual(['second', 'third']);
  for (const socket of sockets) socket.destroy();
  await atEvery(async (offset) => {
    const poll = expect.poll(() => contents(broker, offset), { timeout: 5_000, message: `at ${offset}` });
    await poll.toEqual(after(wholeSteps(offset)));
  });
}, 120_000);
