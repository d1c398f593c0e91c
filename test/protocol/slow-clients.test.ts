// Clients that do not read (DESIGN decision 16): what waits for them stays bounded, everybody else is served as if they
// were not there, and what they never took comes again.
import { readFileSync } from 'node:fs';
import { connect } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrokerProcess, complaintsIn, startBrokerProcess } from '../support/command.ts';
import { Inbox } from '../support/inbox.ts';
import { RawClient } from '../support/raw-client.ts';
import * as wire from '../support/wire.ts';

const MIB = 1_048_576;
const MESSAGES = 4_096;
/** What the client would like to ask; the host's buffers take some 10 MiB of it. */
const ASKED_BYTES = 128 * MIB;
const CHUNK_BYTES = 64 * 1024;
/** A round trip of a sibling takes a few ms; this is the bound on a busy machine. */
const SIBLING_MS = 2_000;

let broker: BrokerProcess;

beforeAll(async () => {
  broker = await startBrokerProcess(['--memory', '--amqp-port', '0', '--threads', '1']);
});
afterAll(async () => {
  const { code, stderr } = await broker.command.end();
  expect([code, complaintsIn(stderr)]).toEqual([0, []]);
});

/** Memory of the broker's process in bytes; NaN where the host does not tell. */
function memoryBytes(): number {
  try {
    const status = readFileSync(`/proc/${broker.command.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  } catch {
    return Number.NaN;
  }
}

/** The longest of some round trips of a sibling on the same data thread. */
async function siblingMs(rounds: number): Promise<number> {
  const connection = await connect(broker.url);
  const channel = await connection.createConfirmChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  const inbox = new Inbox<string>();
  await channel.consume(queue, (message) => message && inbox.add(message.content.toString()), { noAck: true });
  let longestMs = 0;
  for (let round = 0; round < rounds; round++) {
    const startedMs = performance.now();
    channel.sendToQueue(queue, Buffer.from(`round ${round}`));
    expect(await inbox.one()).toBe(`round ${round}`);
    longestMs = Math.max(longestMs, performance.now() - startedMs);
  }
  await connection.close();
  return longestMs;
}

describe('a client that never reads', () => {
  it('gets a bounded part of its queue, disturbs nobody, and leaves the rest to the next one', async () => {
    const queue = 'for the slow one';
    const publisher = await connect(broker.url);
    const channel = await publisher.createConfirmChannel();
    await channel.assertQueue(queue);
    const slow = await RawClient.open(broker.amqpPort);
    slow.socket.pause();
    slow.send(wire.consume(1, queue, 'slow', false));
    const body = Buffer.alloc(16 * 1024);
    for (let sent = 0; sent < MESSAGES; sent++) channel.sendToQueue(queue, body);
    await channel.waitForConfirms();
    // 64 MiB are there for a client without a prefetch; it has taken only its window and what the host's buffers hold.
    expect((await channel.checkQueue(queue)).messageCount).toBeGreaterThan(MESSAGES / 2);
    expect(await siblingMs(50)).toBeLessThan(SIBLING_MS);
    slow.reset();
    // The broker reads of the end in its own time.
    while ((await channel.checkQueue(queue)).consumerCount > 0);
    const inbox = new Inbox<boolean>();
    await channel.consume(queue, (message) => message && inbox.add(message.fields.redelivered), { noAck: true });
    const flags = await inbox.take(MESSAGES, 20_000);
    expect(flags.indexOf(false)).toBeGreaterThan(0);
    expect(flags.lastIndexOf(true)).toBeLessThan(flags.indexOf(false));
    await channel.deleteQueue(queue);
    await publisher.close();
  });

  it('but asks without end is not read any more, and costs bounded memory', async () => {
    const client = await RawClient.open(broker.amqpPort);
    client.socket.pause();
    const before = memoryBytes();
    // basic.qos: the quickest question there is.
    const question = wire.method(1, 60, 10, wire.u32(0), wire.u16(0), wire.u8(0));
    const questions = Buffer.concat(Array.from({ length: CHUNK_BYTES / question.length }, () => question));
    let accepted = 0;
    const ask = () => {
      accepted += questions.length;
      if (accepted < ASKED_BYTES) client.socket.write(questions, ask);
    };
    client.socket.write(questions, ask);
    expect(await siblingMs(50)).toBeLessThan(SIBLING_MS);
    // The host's buffers take some of it; what the broker takes is bounded by what it may hold unanswered and unsent.
    await expectSteady(() => accepted);
    expect(accepted).toBeLessThan(ASKED_BYTES / 2);
    if (!Number.isNaN(before)) expect(memoryBytes() - before).toBeLessThan(256 * MIB);
    expect(await siblingMs(50)).toBeLessThan(SIBLING_MS);
    client.reset();
  });
});

/** Waits until a number stands still for a while. */
async function expectSteady(read: () => number): Promise<void> {
  let last = Number.NaN;
  for (let still = 0, looks = 0; still < 5; looks++) {
    if (looks > 300) throw new Error(`it never stands still: ${last}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const now = read();
    still = now === last ? still + 1 : 0;
    last = now;
  }
}
