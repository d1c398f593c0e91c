// Streams under the kills and the cuts of this folder: one that keeps everything and one that keeps the newest. The book has
// what was published and confirmed, and what readers were given at which offset; after the last end the streams are read
// from their beginnings and have to agree with it (B1, B4, B5).
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';

/** What one stream has promised and given. */
export interface StreamBook {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Place among the publishes of its publisher, by id. */
  readonly attempted: Map<string, number>;
  readonly confirmed: Set<string>;
  /** Ids by offset. */
  readonly given: Map<number, string>;
  /** The highest offset that a reader has had. */
  lastGiven: number;
  readonly complaints: string[];
}

const SEGMENT_BYTES = 20_000;
const BOUND_BYTES = 100_000;
const BODY_BYTES = 200;
/** A message with its properties and its time is longer than its body, and by no more than this. */
const EXTRA_BYTES = 100;
/** Fewer than these are never kept once there were more: a whole segment goes, and no more than one too many. */
const KEPT_MIN = Math.floor((BOUND_BYTES - 2 * SEGMENT_BYTES) / (BODY_BYTES + EXTRA_BYTES));
const KEPT_MAX = Math.ceil((BOUND_BYTES + SEGMENT_BYTES) / BODY_BYTES);
/** So long nothing comes while there is more. */
const READ_MS = 20_000;

const bookOf = (name: string, more: Readonly<Record<string, unknown>>): StreamBook => ({
  name,
  arguments: { 'x-queue-type': 'stream', 'x-stream-max-segment-size-bytes': SEGMENT_BYTES, ...more },
  attempted: new Map(),
  confirmed: new Set(),
  given: new Map(),
  lastGiven: -1,
  complaints: [],
});

/** The books of both streams. */
export const newStreamBooks = (): readonly StreamBook[] => [
  bookOf('stream.whole', {}),
  bookOf('stream.newest', { 'x-max-length-bytes': BOUND_BYTES }),
];

/** The bytes of a message with this id. */
export const streamBody = (id: string): Buffer => Buffer.from(`${id} `.padEnd(BODY_BYTES, 'x'));

/** Declares the streams and lets a reader of each go on behind what it has had. */
export async function followStreams(connection: ChannelModel, books: readonly StreamBook[]): Promise<void> {
  for (const book of books) {
    const channel = await connection.createChannel();
    const { messageCount } = await channel.assertQueue(book.name, { durable: true, arguments: book.arguments });
    judgeCount(book, messageCount);
    await channel.prefetch(50);
    await channel.consume(
      book.name,
      (message) => {
        if (message === null) return;
        book.lastGiven = note(book, message);
        channel.ack(message);
      },
      { arguments: { 'x-stream-offset': book.lastGiven + 1 } },
    );
  }
}

/** Writes a delivery down; returns its offset. */
function note(book: StreamBook, message: ConsumeMessage): number {
  const offset = Number(message.properties.headers?.['x-stream-offset']);
  const id = String(message.properties.messageId);
  const { name, complaints, given, attempted } = book;
  if (!attempted.has(id) || !message.content.equals(streamBody(id))) {
    complaints.push(`${name}: ${id} was never published`);
  }
  const before = given.get(offset);
  if (before !== undefined && before !== id) complaints.push(`${name}: ${offset} was ${before} and is ${id}`);
  given.set(offset, id);
  return offset;
}

/** Reads both streams whole and holds them against their books. */
export async function checkStreams(connection: ChannelModel, books: readonly StreamBook[]): Promise<void> {
  for (const book of books) {
    const channel = await connection.createChannel();
    const { messageCount } = await channel.assertQueue(book.name, { durable: true, arguments: book.arguments });
    judgeCount(book, messageCount);
    const found = await readWhole(channel, book, messageCount);
    judge(book, found);
    await channel.close();
  }
}

async function readWhole(channel: Channel, book: StreamBook, count: number): Promise<readonly [number, string][]> {
  const found: [number, string][] = [];
  if (count === 0) return found;
  await channel.prefetch(500);
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      book.complaints.push(`${book.name}: ${found.length} of ${count} messages come`);
      resolve();
    }, READ_MS);
    const waiting = timer;
    const take = (message: ConsumeMessage | null): void => {
      if (message === null) return;
      const offset = note(book, message);
      found.push([offset, String(message.properties.messageId)]);
      channel.ack(message);
      waiting.refresh();
      if (offset === found[0][0] + count - 1) resolve();
    };
    channel.consume(book.name, take, { arguments: { 'x-stream-offset': 'first' } }).catch((error: Error) => {
      book.complaints.push(`${book.name}: cannot be read: ${error.message}`);
      resolve();
    });
  });
  clearTimeout(timer);
  return found;
}

function judge(book: StreamBook, found: readonly [number, string][]): void {
  const { name, attempted, confirmed, given, complaints } = book;
  const isBounded = 'x-max-length-bytes' in book.arguments;
  const first = found[0]?.[0] ?? 0;
  const end = first + found.length;
  const ids = new Set(found.map(([, id]) => id));
  if (!isBounded && first !== 0) complaints.push(`${name}: begins with ${first}`);
  for (const [place, [offset]] of found.entries()) {
    if (offset !== first + place) complaints.push(`${name}: ${offset} comes where ${first + place} should`);
  }
  if (ids.size !== found.length) complaints.push(`${name}: ${found.length - ids.size} messages are there twice`);
  for (const offset of given.keys()) if (offset >= end) complaints.push(`${name}: ${offset} was given and is lost`);
  const lowest = new Map<string, number>();
  const highest = new Map<string, number>();
  for (const [, id] of found) {
    const [publisher, count] = [publisherOf(id), attempted.get(id) ?? -1];
    if (count < (highest.get(publisher) ?? -1)) complaints.push(`${name}: ${id} comes behind a later one`);
    highest.set(publisher, count);
    if (!lowest.has(publisher)) lowest.set(publisher, count);
  }
  // The newest come from one publisher after the other, so that what is not there at all is older than what is.
  const oldest = isBounded ? [...lowest.keys()][0] : undefined;
  const owed = [...confirmed].filter((id) => {
    if (oldest === undefined) return true;
    const publisher = publisherOf(id);
    if (publisher !== oldest) return lowest.has(publisher);
    return (attempted.get(id) ?? 0) >= (lowest.get(publisher) ?? 0);
  });
  for (const id of owed) if (!ids.has(id)) complaints.push(`${name}: ${id} was confirmed and is lost`);
}

/** What is bounded keeps no more than its bound, and no less than it may. */
function judgeCount(
  { name, arguments: { 'x-max-length-bytes': bound }, confirmed, complaints }: StreamBook,
  count: number,
) {
  if (bound === undefined) return;
  if (count < Math.min(KEPT_MIN, confirmed.size)) complaints.push(`${name}: only ${count} are kept`);
  if (count > KEPT_MAX) complaints.push(`${name}: ${count} are kept`);
}

const publisherOf = (id: string): string => id.slice(0, id.lastIndexOf('.'));
