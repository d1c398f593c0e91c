// Question: what does the segment log cost beside a plain append with group fdatasync of the same bytes, how long does it
// take to open with a million messages, and how many bytes does it put on the disk for each byte of payload?
// Each figure is the median of turns.
import { join } from 'node:path';
import hostProcess from 'node:process';
import { crc32 } from 'node:zlib';
import { RecordBatch } from '../../src/storage/index.ts';
import { median } from '../harness.ts';
import { PlainLog } from './plain.ts';
import { bytesIn, closeLog, openLog, withDirectory, writeFor } from './support.ts';

const PAYLOAD_BYTES = 1_024;
const TURNS = 5;
const TURN_MS = 1_500;
const BATCH = 256;

/** Messages that are recovered. */
const RECOVERED = 1_000_000;

type Say = (line: string) => void;
const sum = (bytes: Uint8Array, previous?: number) => crc32(bytes, previous);

function plainRate(writers: number): Promise<number> {
  return withDirectory(async (directory) => {
    const log = new PlainLog(join(directory, 'plain'));
    const payload = new Uint8Array(PAYLOAD_BYTES).fill(7);
    const rate = await writeFor(TURN_MS, writers, (_writer, done) => log.append(payload.slice(), done));
    log.close();
    return rate;
  });
}

function logRate(writers: number): Promise<{ readonly rate: number; readonly spread: number }> {
  return withDirectory(async (directory) => {
    const log = await openLog(directory);
    const payload = [new Uint8Array(PAYLOAD_BYTES).fill(7)];
    const batch = new RecordBatch(sum);
    const sequences = new Array<number>(writers).fill(0);
    let count = 0;
    const rate = await writeFor(TURN_MS, writers, (writer, done) => {
      count++;
      batch.publish(writer + 1, ++sequences[writer], payload);
      log.append(batch.take(), done);
    });
    await closeLog(log);
    return { rate, spread: bytesIn(directory) / (count * PAYLOAD_BYTES) };
  });
}

async function compare(writers: number, say: Say): Promise<void> {
  const plain: number[] = [];
  const own: number[] = [];
  const spreads: number[] = [];
  for (let turn = 0; turn <= TURNS; turn++) {
    const floor = await plainRate(writers);
    const { rate, spread } = await logRate(writers);
    // The first turn warms up.
    if (turn === 0) continue;
    plain.push(floor);
    own.push(rate);
    spreads.push(spread);
  }
  const share = Math.round((100 * median(own)) / median(plain));
  say(
    `${writers} writers of 1 KiB: plain ${Math.round(median(plain))}/s, log ${Math.round(median(own))}/s (${share} %), ` +
      `${median(spreads).toFixed(3)} bytes on the disk per byte of payload`,
  );
}

async function recover(messages: number, isClosed: boolean, say: Say): Promise<void> {
  await withDirectory(async (directory) => {
    const log = await openLog(directory);
    const batch = new RecordBatch(sum);
    const payload = [new Uint8Array(PAYLOAD_BYTES).fill(7)];
    const start = performance.now();
    for (let sequence = 1; sequence <= messages; ) {
      for (let count = 0; count < BATCH && sequence <= messages; count++) batch.publish(1, sequence++, payload);
      await new Promise<void>((resolve) => log.append(batch.take(), resolve));
    }
    const written = performance.now() - start;
    if (isClosed) await closeLog(log);
    const opening = performance.now();
    const again = await openLog(directory);
    const opened = performance.now() - opening;
    const page = await new Promise<number>((resolve, reject) => {
      again.read(1, 1, { count: 100, bytes: 1_000_000 }, (result) => {
        if (result.ok) resolve(result.value.records.length);
        else reject(new Error(result.failure.text));
      });
    });
    const first = performance.now() - opening;
    const memory = Math.round(hostProcess.memoryUsage().rss / 1_048_576);
    say(
      `${messages} messages of 1 KiB written in ${Math.round(written)} ms (batches of ${BATCH}), ` +
        `${isClosed ? 'closed' : 'not closed'}: opened in ${Math.round(opened)} ms, ` +
        `first page of ${page} after ${Math.round(first)} ms, ${again.row(1)?.count} live, RSS ${memory} MiB`,
    );
    await closeLog(again);
  });
}

/** Runs everything about the log; a line per figure. */
export async function runStoreCases(say: Say): Promise<void> {
  await compare(64, say);
  await compare(1, say);
  await recover(RECOVERED, true, say);
  await recover(RECOVERED, false, say);
}
