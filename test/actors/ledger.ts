// A process that keeps numbers in a file: `stored` is said when one is durable. It fails stop: what goes wrong with the
// disk ends it, and the next one starts from what is there. Its ways are open to mistakes.
import type { DiskDone, DiskFile, DiskResult } from '../../src/env/index.ts';
import { type Context, type Effects, receive } from '../../src/process/index.ts';
import type { Pid } from '../../src/term/index.ts';

export interface Add {
  readonly tag: 'add';
  readonly n: number;
  readonly from: Pid<unknown>;
}

/** What a careless ledger leaves out. */
export interface Ways {
  readonly syncsFile?: boolean;
  readonly syncsNames?: boolean;
  /** A failed sync ends it. */
  readonly minds?: boolean;
}

interface Completion {
  readonly tag: 'disk';
  readonly result: DiskResult<unknown>;
}

const FILE = 'ledger';
const NEXT = 'ledger.next';
/** Divides a sector, so that no record lies in two. */
const RECORD_BYTES = 16;
const READ_BYTES = 100_000;

/** One operation of the disk, waited for. Throws with the code of its failure. */
export function* ask<T>(context: Context<unknown>, start: (done: DiskDone<T>) => void): Effects<T> {
  const deliver = context.inlet();
  start((result) => deliver({ tag: 'disk', result } satisfies Completion));
  const { result } = yield* receive<Completion>((message) => (message as Completion).tag === 'disk');
  if (!result.ok) throw new Error(result.failure.code);
  return result.value as T;
}

const recordOf = (n: number): Uint8Array =>
  new TextEncoder().encode(`${n}`.padStart(RECORD_BYTES - 1, '0').concat('\n'));

/** The numbers in a file up to its first record that is none. */
export function numbersIn(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  for (let at = 0; at + RECORD_BYTES <= bytes.length; at += RECORD_BYTES) {
    const text = new TextDecoder().decode(bytes.subarray(at, at + RECORD_BYTES));
    if (!/^\d+\n$/.test(text)) break;
    numbers.push(Number(text));
  }
  return numbers;
}

/** The numbers that are stored. */
export function* storedNumbers(context: Context<unknown>): Effects<number[]> {
  const { disk } = context.env;
  const names = yield* ask<readonly string[]>(context, (done) => disk.list('', done));
  if (!names.includes(FILE)) return [];
  const file = yield* ask<DiskFile>(context, (done) => disk.open(FILE, 'read', done));
  const bytes = yield* ask<Uint8Array>(context, (done) => file.read(READ_BYTES, 0, done));
  yield* ask<true>(context, (done) => file.close(done));
  return numbersIn(bytes);
}

/** What was stored goes into a new file first: a failed sync may have left the old one different from what is read. */
function* start(context: Context<unknown>, { syncsFile = true, syncsNames = true }: Ways): Effects<[DiskFile, number]> {
  const { disk } = context.env;
  const numbers = yield* storedNumbers(context);
  const names = yield* ask<readonly string[]>(context, (done) => disk.list('', done));
  if (names.includes(NEXT)) yield* ask<true>(context, (done) => disk.remove(NEXT, done));
  const file = yield* ask<DiskFile>(context, (done) => disk.open(NEXT, 'create', done));
  yield* ask<true>(context, (done) => file.write(numbers.map(recordOf), 0, done));
  if (syncsFile) yield* ask<true>(context, (done) => file.sync(done));
  yield* ask<true>(context, (done) => disk.rename(NEXT, FILE, done));
  if (syncsNames) yield* ask<true>(context, (done) => disk.syncDirectory('', done));
  return [file, numbers.length];
}

export function* ledger(context: Context<Add>, ways: Ways): Effects<void> {
  const outside = context as unknown as Context<unknown>;
  const { syncsFile = true, minds = true } = ways;
  let [file, count] = yield* start(outside, ways);
  for (;;) {
    const { n, from } = yield* receive<Add>((message) => (message as Add).tag === 'add');
    yield* ask<true>(outside, (done) => file.write([recordOf(n)], count * RECORD_BYTES, done));
    try {
      if (syncsFile) yield* ask<true>(outside, (done) => file.sync(done));
    } catch (error) {
      if (minds) throw error;
    }
    count++;
    context.send(from, { tag: 'stored', n });
  }
}
