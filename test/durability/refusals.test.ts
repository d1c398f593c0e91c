// A data directory of which a part is missing, damaged or of a newer program: a broker that went on with it would take
// what it does not understand for rubbish and remove it. It does not start, says why in one line, and nothing is lost.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import amqplib from 'amqplib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BrokerStartError, startBroker } from '../../src/broker.ts';

let base: string;
let dir: string;

const MESSAGES = 40;

/** Its first segment has the declaration and a part of the messages, the second the rest. */
beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'warren-refusals-'));
  for (let run = 0; run < 2; run++) {
    await using broker = await startBroker({ amqpPort: 0, dataDir: base, logger: 'silent' });
    const connection = await amqplib.connect(broker.url);
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue('kept', { durable: true });
    // Numbered above it: what has messages is known, and still not all of it is.
    await channel.assertQueue('later', { durable: true });
    for (let count = 0; count < MESSAGES / 2; count++)
      channel.sendToQueue('kept', Buffer.alloc(500, count), { persistent: true });
    await channel.waitForConfirms();
    await connection.close();
  }
});

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'warren-refusal-'));
  cpSync(base, dir, { recursive: true });
  return () => rmSync(dir, { recursive: true, force: true });
});

afterAll(() => rmSync(base, { recursive: true, force: true }));

const log = (name: string): string => join(dir, 'log', name);
const FIRST = '0000000001.log';
const SECOND = '0000000002.log';
const messageCount = async (): Promise<number> => {
  await using broker = await startBroker({ amqpPort: 0, dataDir: dir, logger: 'silent' });
  const connection = await amqplib.connect(broker.url);
  const { messageCount: count } = await (await connection.createChannel()).checkQueue('kept');
  await connection.close();
  return count;
};

async function refusal(): Promise<string> {
  const error = await startBroker({ amqpPort: 0, dataDir: dir, logger: 'silent' }).then(
    (broker) => broker.stop().then(() => null),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(BrokerStartError);
  const text = (error as BrokerStartError).message;
  expect(text).toMatch(new RegExp(`^the log in ${dir} cannot be used: [^\\n{}]+$`));
  return text;
}

describe('B1 B24 a broker does not start, removes nothing, and says why in one line', () => {
  test('where the segment with the metadata is missing; put back, everything is there', async () => {
    rmSync(log(FIRST));
    expect(await refusal()).toMatch(/ends before queue 1, which has messages/);
    expect(await refusal()).toMatch(/ends before queue 1, which has messages/);
    cpSync(join(base, 'log', FIRST), log(FIRST));
    expect(await messageCount()).toBe(MESSAGES);
  });

  test('where the declaration of a queue is damaged, with its segment indexed or not; made good, everything is there', async () => {
    for (const isIndexed of [true, false]) {
      rmSync(dir, { recursive: true });
      cpSync(base, dir, { recursive: true });
      if (!isIndexed) for (const name of readdirSync(join(dir, 'log'))) if (name.endsWith('.idx')) rmSync(log(name));
      const bytes = readFileSync(log(FIRST));
      const at = bytes.indexOf('queueDeclared');
      expect(at).toBeGreaterThan(0);
      bytes[at] ^= 1;
      writeFileSync(log(FIRST), bytes);
      expect(await refusal()).toMatch(
        isIndexed ? /is not whole: 1 records of it are damaged/ : /is not whole: its record \d+ is missing/,
      );
      bytes[at] ^= 1;
      writeFileSync(log(FIRST), bytes);
      for (const name of readdirSync(join(dir, 'log'))) if (name.endsWith('.idx')) rmSync(log(name));
      expect(await messageCount()).toBe(MESSAGES);
    }
  });

  test('where a newer program wrote a segment, which stays as it is', async () => {
    const bytes = readFileSync(log(SECOND));
    bytes.writeUInt16BE(2, 8);
    bytes.writeUInt32BE(crc32(bytes.subarray(0, 28)), 28);
    writeFileSync(log(SECOND), bytes);
    expect(await refusal()).toMatch(/segment 2 has format version 2, this program knows 1: a newer Warren wrote it/);
    expect(readFileSync(log(SECOND)).equals(bytes)).toBe(true);
  });

  test('where a directory or a plain file is in the place of another; the line names it', async () => {
    mkdirSync(log('0000000009.log'));
    expect(await refusal()).toMatch(/EISDIR.*0000000009\.log/);
    rmSync(log('0000000009.log'), { recursive: true });
    rmSync(log('0000000002.idx'), { force: true });
    mkdirSync(log('0000000002.idx'));
    expect(await refusal()).toMatch(/EISDIR.*0000000002\.idx/);
    rmSync(join(dir, 'log'), { recursive: true });
    writeFileSync(join(dir, 'log'), 'no directory');
    expect(await refusal()).toMatch(/EEXIST.*log/);
  });
});

test('files of others among the segments stay, whatever they are called, and nothing is lost', async () => {
  const foreign = ['notes.idx', 'notes.tmp', `${FIRST}.bak`, '1.idx', 'README'];
  for (const name of foreign) writeFileSync(log(name), 'not of the log');
  mkdirSync(log('directory.tmp'));
  expect(await messageCount()).toBe(MESSAGES);
  expect(readdirSync(join(dir, 'log'))).toEqual(expect.arrayContaining([...foreign, 'directory.tmp']));
});
