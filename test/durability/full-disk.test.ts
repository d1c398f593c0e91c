// A disk that is really full, below the real process, up to its clients (B1, B19): publishers wait and are told so,
// consumers and acks go on, nothing is served that is not whole, and everything goes on when there is room. A kill while
// it is full loses nothing that was confirmed.
import amqplib, { type ChannelModel, type ConfirmChannel } from 'amqplib';
import { describe, expect, test } from 'vitest';
import { type BrokerProcess, startBrokerProcess } from '../support/command.ts';
import { canMount, SmallDisk } from './small-disk.ts';

const isPossible = process.platform === 'linux' && canMount();
if (!isPossible) console.warn('no mount namespaces on this machine: a disk that is really full is not tested');

const DISK_BYTES = 112 * 1_048_576;
/** More than a segment of the log. */
const LEFT_BYTES = 36 * 1_048_576;
const LIMIT_BYTES = 48 * 1_048_576;
/** So much that the disk is full of fewer messages than make the log look for room by itself. */
const BODY_BYTES = 65_536;
const WINDOW = 64;
const QUEUE = 'full';
const WAIT = { timeout: 20_000 };

interface Publisher {
  readonly connection: ChannelModel;
  readonly confirmed: Set<number>;
  readonly refused: Set<number>;
  /** How many were sent. */
  readonly sent: { count: number };
  /** Whether the broker has it wait. */
  readonly blocked: { is: boolean; readonly reasons: string[] };
  /** Sends one more than its window. */
  poke(): void;
  stop(): Promise<void>;
}

const start = ({ mountPoint, under }: SmallDisk, freeLimit: number): Promise<BrokerProcess> => {
  const options = ['--amqp-port', '0', '--data-dir', `${mountPoint}/data`, '--threads', '0', '--log-level', 'silent'];
  return startBrokerProcess([...options, '--disk-free-limit', String(freeLimit)], { under });
};

const bodyOf = (number: number): Buffer => Buffer.from(`${number} `.padEnd(BODY_BYTES, String(number % 10)));

async function connect({ url }: BrokerProcess): Promise<ChannelModel> {
  const connection = await amqplib.connect(url, { noDelay: true });
  connection.on('error', () => {});
  return connection;
}

/** Publishes until it is stopped. */
async function publisher(node: BrokerProcess): Promise<Publisher> {
  const connection = await connect(node);
  const blocked = { is: false, reasons: [] as string[] };
  connection.on('blocked', (reason: string) => {
    blocked.is = true;
    blocked.reasons.push(reason);
  });
  connection.on('unblocked', () => {
    blocked.is = false;
  });
  const channel = await connection.createConfirmChannel();
  channel.on('error', () => {});
  let isOver = false;
  connection.on('close', () => {
    isOver = true;
  });
  await channel.assertQueue(QUEUE, { durable: true });
  const [confirmed, refused] = [new Set<number>(), new Set<number>()];
  const sent = { count: 0 };
  const fill = (): void => {
    while (!isOver && sent.count - confirmed.size - refused.size < WINDOW) send(channel, sent.count++);
  };
  const send = (on: ConfirmChannel, number: number): void => {
    try {
      on.sendToQueue(QUEUE, bodyOf(number), { persistent: true }, (error) => {
        (error === null ? confirmed : refused).add(number);
        setImmediate(fill);
      });
    } catch {
      // The node is gone.
      isOver = true;
    }
  };
  fill();
  const stop = async (): Promise<void> => {
    isOver = true;
    await channel.waitForConfirms();
    await connection.close();
  };
  return { connection, confirmed, refused, sent, blocked, poke: () => send(channel, sent.count++), stop };
}

/** Only who publishes while the disk is full is told, and a window of publishes that wait for confirms may be over. */
async function isBlocked(load: Publisher): Promise<void> {
  const look = (): boolean => {
    if (!load.blocked.is) load.poke();
    return load.blocked.is;
  };
  await expect.poll(look, WAIT).toBe(true);
}

/** Takes so many messages, or all there are; checks that they are whole and in order. */
async function take(node: BrokerProcess, from: number, countMax: number): Promise<number[]> {
  const connection = await connect(node);
  const channel = await connection.createChannel();
  const numbers: number[] = [];
  while (numbers.length < countMax) {
    const message = await channel.get(QUEUE);
    if (message === false) break;
    const number = Number(message.content.toString('latin1', 0, 12).split(' ')[0]);
    expect(message.content.equals(bodyOf(number))).toBe(true);
    expect(number).toBeGreaterThan(numbers.at(-1) ?? from - 1);
    numbers.push(number);
    channel.ack(message);
  }
  // Acks are on their way before this is answered.
  await channel.checkQueue(QUEUE);
  await connection.close();
  return numbers;
}

describe.skipIf(!isPossible)('on a disk that is really full', () => {
  test('B19 publishers wait, consumers and acks go on, and all goes on when there is room', async () => {
    await using disk = await SmallDisk.make(DISK_BYTES);
    disk.fill(LEFT_BYTES);
    await using node = await start(disk, 0);
    const load = await publisher(node);
    await isBlocked(load);
    expect(load.blocked.reasons[0]).toBe('low on disk');
    expect(load.confirmed.size * BODY_BYTES).toBeGreaterThan(LEFT_BYTES / 2);
    const early = await take(node, 0, 100);
    expect(early).toEqual(Array.from({ length: 100 }, (_none, number) => number));
    expect(load.sent.count).toBeGreaterThan(load.confirmed.size);
    const before = load.confirmed.size;
    disk.free();
    await expect.poll(() => load.confirmed.size, WAIT).toBeGreaterThan(before + WINDOW);
    await load.stop();
    const rest = await take(node, 100, Number.POSITIVE_INFINITY);
    expect(rest).toEqual(Array.from({ length: load.sent.count - 100 }, (_none, place) => place + 100));
    expect(load.refused.size).toBe(0);
    expect((await node.command.end()).code).toBe(0);
  }, 60_000);

  test.each(['with room again', 'full'])(
    'B1 a kill loses nothing that was confirmed; the disk of the next run is %s',
    async (next) => {
      await using disk = await SmallDisk.make(DISK_BYTES);
      disk.fill(LEFT_BYTES);
      const confirmed = new Set<number>();
      {
        await using node = await start(disk, 0);
        const load = await publisher(node);
        await isBlocked(load);
        await node.command.end('SIGKILL');
        for (const number of load.confirmed) confirmed.add(number);
      }
      if (next === 'full') disk.fill();
      else disk.free();
      await using again = await start(disk, 0);
      const found = new Set(await take(again, 0, Number.POSITIVE_INFINITY));
      expect(confirmed.size).toBeGreaterThan(0);
      expect([...confirmed].filter((number) => !found.has(number))).toEqual([]);
    },
    60_000,
  );

  test('B19 with the limit of free bytes, what consumers take makes the room that publishers wait for', async () => {
    await using disk = await SmallDisk.make(3 * LIMIT_BYTES);
    await using node = await start(disk, LIMIT_BYTES);
    const load = await publisher(node);
    let taken = 0;
    for (let round = 0; round < 2; round++) {
      await isBlocked(load);
      const before = load.confirmed.size;
      taken += (await take(node, taken, before - taken)).length;
      expect(taken).toBe(before);
      await expect.poll(() => load.confirmed.size, WAIT).toBeGreaterThan(before + WINDOW);
    }
    await load.stop();
    expect(load.refused.size).toBe(0);
  }, 90_000);
});
