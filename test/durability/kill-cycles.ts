// Kills the real process under confirmed load, starts it again, and checks what came out against a book of everything that
// was published, confirmed, delivered and acknowledged (B1, B4, B5, B6, B9). Streams take part beside the queue.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import amqplib, { type ChannelModel, type ConfirmChannel, type ConsumeMessage } from 'amqplib';
import { type BrokerProcess, complaintsIn, startBrokerProcess } from '../support/command.ts';
import { checkStreams, followStreams, newStreamBooks, type StreamBook, streamBody } from './stream-cycles.ts';

export interface CycleOptions {
  readonly cycles: number;
  readonly threads: number;
  readonly seed: number;
  readonly durability?: 'sync' | 'os';
}

/** What was promised, and what came out. */
export interface Book {
  readonly attempted: Map<string, number>;
  readonly confirmed: Set<string>;
  readonly acked: Set<string>;
  readonly delivered: Map<string, number>;
  readonly complaints: string[];
  /** The last first delivery by publisher. */
  readonly lastFirst: Map<string, number>;
  readonly streams: readonly StreamBook[];
}

export interface CycleResult {
  readonly attempted: number;
  readonly confirmed: number;
  /** Confirmed by streams. */
  readonly streamed: number;
  readonly redelivered: number;
  readonly complaints: readonly string[];
}

const QUEUE = 'killed';
/** Outstanding publishes of each publisher. */
const WINDOWS = [1, 64, 64, 1_024];
/** The same for the stream that keeps everything; the other has one publisher. */
const STREAM_WINDOWS = [[8, 256], [64]];

/** The same numbers in every run. */
export function random(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 0) / 4_294_967_296;
  };
}

export async function runCycles({ cycles, threads, seed, durability = 'sync' }: CycleOptions): Promise<CycleResult> {
  const dataDir = mkdtempSync(join(tmpdir(), 'warren-kill-'));
  const book = newBook();
  const next = random(seed);
  const options = ['--amqp-port', '0', '--data-dir', dataDir, '--threads', String(threads), '--durability', durability];
  try {
    for (let cycle = 0; cycle < cycles; cycle++) {
      await using node = await startBrokerProcess([...options, '--log-level', 'warning']);
      await load(node, book, cycle, 50 + next() * 600, next);
      book.complaints.push(...complaintsIn(node.command.stderr).filter((line) => !line.includes('log end cut off')));
      await node.command.end('SIGKILL');
    }
    await using node = await startBrokerProcess([...options, '--log-level', 'warning']);
    await drain(node, book);
    const { code } = await node.command.end();
    if (code !== 0) book.complaints.push(`the last run ended with ${code}`);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
  return resultOf(book);
}

export function newBook(): Book {
  return {
    attempted: new Map(),
    confirmed: new Set(),
    acked: new Set(),
    delivered: new Map(),
    complaints: [],
    lastFirst: new Map(),
    streams: newStreamBooks(),
  };
}

/** After the last drain: every confirmed message must have been acknowledged by somebody. */
export function resultOf(book: Book): CycleResult {
  for (const id of book.confirmed) if (!book.acked.has(id)) book.complaints.push(`${id} was confirmed and is lost`);
  const redelivered = [...book.delivered.values()].filter((count) => count > 1).length;
  return {
    attempted: book.attempted.size,
    confirmed: book.confirmed.size,
    streamed: book.streams.reduce((sum, { confirmed }) => sum + confirmed.size, 0),
    redelivered,
    complaints: [...book.complaints, ...book.streams.flatMap(({ complaints }) => complaints)],
  };
}

/** Puts load on the node for so long, or until it dies. */
export async function load(
  node: BrokerProcess,
  book: Book,
  cycle: number,
  ms: number,
  next: () => number,
): Promise<void> {
  const connection = await connect(node);
  const setup = await connection.createChannel();
  await setup.assertQueue(QUEUE, { durable: true });
  const consumer = await connection.createChannel();
  await consumer.prefetch(200);
  // Half of the cycles leave a backlog to the next.
  if (cycle % 2 === 0) {
    await consumer.consume(QUEUE, (message) => {
      if (message === null) return;
      take(book, message);
      if (next() < 0.8) ack(book, consumer, message);
      else if (next() < 0.5) consumer.nack(message, false, true);
    });
  }
  await followStreams(connection, book.streams);
  const over = { isOver: false };
  const publishers = WINDOWS.map((window, place) =>
    publishOn(connection, over, window, `${cycle}.${place}`, { ...book, name: QUEUE, bodyOf }),
  );
  for (const [which, stream] of book.streams.entries()) {
    for (const [place, window] of STREAM_WINDOWS[which].entries()) {
      const target = { ...stream, bodyOf: streamBody };
      publishers.push(publishOn(connection, over, window, `${cycle}.${place}`, target));
    }
  }
  // Channels that the node's end leaves without an answer are part of it.
  const published = Promise.allSettled(publishers);
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([
    node.command.ended,
    new Promise((resolve) => {
      timer = setTimeout(resolve, ms);
    }),
  ]);
  clearTimeout(timer);
  over.isOver = true;
  await published;
}

/** Where a publisher publishes, and what is known of it. */
interface Target {
  readonly name: string;
  readonly attempted: Map<string, number>;
  readonly confirmed: Set<string>;
  bodyOf(id: string): Buffer;
}

async function publishOn(
  connection: ChannelModel,
  over: { readonly isOver: boolean },
  window: number,
  publisher: string,
  target: Target,
): Promise<void> {
  const channel = await connection.createConfirmChannel();
  channel.on('error', () => {});
  let outstanding = 0;
  let wake: () => void = () => {};
  for (let count = 0; !over.isOver; count++) {
    const id = `${publisher}.${count}`;
    target.attempted.set(id, count);
    outstanding++;
    publish(channel, target, id, () => {
      target.confirmed.add(id);
      outstanding--;
      wake();
    });
    while (outstanding >= window && !over.isOver) {
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, 20);
      });
    }
    if (count % 32 === 31) await new Promise((resolve) => setImmediate(resolve));
  }
}

const bodyOf = (id: string): Buffer => Buffer.from(`${id} ${'x'.repeat(id.length * 37)}`);

function publish(channel: ConfirmChannel, { name, bodyOf }: Target, id: string, confirmed: () => void): void {
  try {
    channel.sendToQueue(name, bodyOf(id), { persistent: true, messageId: id }, (error) => {
      if (error === null) confirmed();
    });
  } catch {
    // The node is gone, and the load with it.
  }
}

function take(book: Book, message: ConsumeMessage): void {
  const id = String(message.properties.messageId);
  const [own] = message.content.toString().split(' ');
  if (!book.attempted.has(id) || own !== id) book.complaints.push(`${id} was never published`);
  const times = book.delivered.get(id) ?? 0;
  book.delivered.set(id, times + 1);
  if (times > 0 && !message.fields.redelivered) book.complaints.push(`${id} came again and did not say so`);
  if (times > 0) return;
  const publisher = id.slice(0, id.lastIndexOf('.'));
  const count = book.attempted.get(id) ?? 0;
  if (count < (book.lastFirst.get(publisher) ?? -1)) book.complaints.push(`${id} came behind a later one`);
  book.lastFirst.set(publisher, count);
}

function ack(book: Book, channel: Pick<ConfirmChannel, 'ack'>, message: ConsumeMessage): void {
  book.acked.add(String(message.properties.messageId));
  channel.ack(message);
}

/** Takes and acknowledges everything that is left. */
export async function drain(node: BrokerProcess, book: Book): Promise<void> {
  const connection = await connect(node);
  const channel = await connection.createChannel();
  await channel.prefetch(500);
  const { messageCount } = await channel.checkQueue(QUEUE);
  let left = messageCount;
  await new Promise<void>((resolve) => {
    if (left === 0) {
      resolve();
      return;
    }
    void channel.consume(QUEUE, (message) => {
      if (message === null) return;
      take(book, message);
      ack(book, channel, message);
      if (--left === 0) resolve();
    });
  });
  await channel.close();
  const { messageCount: after } = await (await connection.createChannel()).checkQueue(QUEUE);
  if (after !== 0) book.complaints.push(`${after} messages are left`);
  await checkStreams(connection, book.streams);
  await connection.close();
}

async function connect(node: BrokerProcess): Promise<ChannelModel> {
  const connection = await amqplib.connect(node.url);
  // The end comes by a kill.
  connection.on('error', () => {});
  return connection;
}
