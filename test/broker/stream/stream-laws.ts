// The law of a stream: every reader sees every offset from its start on once and in order, whatever is in memory or on the
// disk only, whatever went by retention, and after a restart as well; and it sees only what is safe, so that a crash takes
// nothing back that somebody has seen.
import fc from 'fast-check';
import {
  type StreamCursor,
  StreamLog,
  type StreamSettings,
  type StreamStart,
} from '../../../src/broker/stream/index.ts';
import { MemoryLog } from '../../storage/memory-log.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const codec = {
  encode: (message: string) => [encoder.encode(message)],
  decode: (bytes: Uint8Array) => decoder.decode(bytes),
};
export const BOUNDS = { page: { count: 3, bytes: 1_000 }, readAheadBelow: 2, bytesMax: 60, bytesMin: 30 };
export const FOREVER: StreamSettings = {
  segmentBytes: 1_000_000,
  maxAgeMs: Number.POSITIVE_INFINITY,
  maxLengthBytes: Number.POSITIVE_INFINITY,
};

type Made = typeof StreamLog<string>;

/** A stream in memory, or over a log. */
export function open(settings: StreamSettings, log: MemoryLog | null, Made: Made = StreamLog): StreamLog<string> {
  if (log === null) return new Made(settings, (message) => message.length + 8);
  const disk = { queueId: 1, log, codec, bounds: BOUNDS };
  return new Made(settings, (message) => message.length + 8, disk, log.opened(2));
}

/** Everything a reader gets now, pages included; with a log, what was written is made safe first. */
export function readAll(
  stream: StreamLog<string>,
  cursor: StreamCursor,
  log: MemoryLog | null = null,
): [number, string][] {
  const got: [number, string][] = [];
  log?.sync();
  for (;;) {
    const entry = stream.read(cursor);
    if (entry !== null) got.push([entry.offset, entry.message]);
    else if (log === null || !log.load()) return got;
  }
}

const start: fc.Arbitrary<StreamStart> = fc.oneof(
  fc.constantFrom<StreamStart>({ tag: 'first' }, { tag: 'last' }, { tag: 'next' }),
  fc.record({ tag: fc.constant('offset' as const), offset: fc.integer({ min: -2, max: 60 }) }),
  fc.record({ tag: fc.constant('since' as const), atMs: fc.nat(500) }),
);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ op: fc.constant('append' as const), count: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('begin' as const), start }) },
  { weight: 5, arbitrary: fc.record({ op: fc.constant('read' as const), pick: fc.nat(9), count: fc.nat(8) }) },
  {
    weight: 4,
    arbitrary: fc.constantFrom({ op: 'load' as const }, { op: 'time' as const }, { op: 'sync' as const }),
  },
  { weight: 1, arbitrary: fc.constantFrom({ op: 'restart' as const }, { op: 'crash' as const }) },
);

interface Reader {
  cursor: StreamCursor;
  /** The offset it must see next, unless that is gone. */
  wanted: number;
}

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

export interface StreamRun {
  readonly steps: readonly Step[];
  readonly settings: StreamSettings;
}

/** Streams that keep all, and those bounded by bytes or age. */
export const streamRuns: fc.Arbitrary<StreamRun> = fc.record({
  steps: fc.array(step, { maxLength: 80 }),
  settings: fc.constantFrom(
    FOREVER,
    { ...FOREVER, segmentBytes: 40, maxLengthBytes: 150 },
    { ...FOREVER, segmentBytes: 40, maxAgeMs: 20 },
  ),
});

/** The first offset that a reader has to see; null where it is up to the stream. */
function beginning(
  wanted: StreamStart,
  { first, next }: StreamLog<string>,
  all: readonly { readonly atMs: number }[],
): number | null {
  if (wanted.tag === 'last') return null;
  if (wanted.tag === 'first') return first;
  if (wanted.tag === 'next') return next;
  if (wanted.tag === 'offset') return Math.max(first, wanted.offset);
  const { atMs: sinceMs } = wanted as Extract<StreamStart, { tag: 'since' }>;
  const found = all.findIndex(({ atMs }, at) => at >= first && atMs >= sinceMs);
  return found < 0 ? next : found;
}

/**
 * What retention has taken too early, or null: it takes whole segments, and no more of them than it has to. What was there
 * at a restart may be one segment since, whatever its length.
 */
function tooEarly(
  { first }: StreamLog<string>,
  { segmentBytes, maxLengthBytes, maxAgeMs }: StreamSettings,
  all: readonly { readonly message: string; readonly atMs: number }[],
  nowMs: number,
  restartedAt: number,
): string | null {
  if (first <= restartedAt) return null;
  const kept = all.slice(first).reduce((sum, { message }) => sum + message.length + 8, 0);
  if (kept >= maxLengthBytes - segmentBytes || all[first - 1].atMs <= nowMs - maxAgeMs) return null;
  return `everything before ${first} is gone, and ${kept} bytes are left`;
}

/** Plays a run and says what was wrong, or null. */
function play({ steps, settings }: StreamRun, Made: Made): string | null {
  let log = new MemoryLog();
  let stream = open(settings, log, Made);
  const all: { readonly message: string; readonly atMs: number }[] = [];
  let nowMs = 0;
  let readers: Reader[] = [];
  let safe = 0;
  let restartedAt = 0;
  const sync = (): void => {
    log.sync();
    safe = all.length;
  };
  const seen = (reader: Reader, offset: number, message: string): string | null => {
    const from = Math.max(reader.wanted, stream.first);
    const next = all.findIndex(({ atMs }, at) => at >= from && atMs >= reader.cursor.notBeforeMs);
    reader.wanted = offset + 1;
    if (offset >= safe) return `${offset} is not safe yet`;
    if (offset !== next) return `${offset} came, not ${next}`;
    return message === all[offset].message ? null : `${offset} is another`;
  };
  for (const each of steps) {
    if (each.op === 'time') nowMs += 7;
    else if (each.op === 'load') log.load();
    else if (each.op === 'sync') sync();
    else if (each.op === 'append') {
      const messages = Array.from({ length: each.count }, (_, at) => `m${all.length + at}`);
      stream.append(messages, nowMs);
      all.push(...messages.map((message) => ({ message, atMs: nowMs })));
      const early = tooEarly(stream, settings, all, nowMs, restartedAt);
      if (early !== null) return early;
      stream.flush();
      log.send();
    } else if (each.op === 'begin') {
      const cursor = stream.begin(each.start);
      readers.push({ cursor, wanted: beginning(each.start, stream, all) ?? cursor.next });
    } else if (each.op === 'read' && readers.length > 0) {
      const reader = readers[each.pick % readers.length];
      for (let count = 0; count < each.count; count++) {
        const entry = stream.read(reader.cursor);
        const wrong = entry === null ? null : seen(reader, entry.offset, entry.message);
        if (wrong !== null) return wrong;
      }
    } else if (each.op === 'restart' || each.op === 'crash') {
      if (each.op === 'restart') sync();
      log = log.crash();
      stream = open(settings, log, Made);
      all.length = safe;
      restartedAt = safe;
      // Nobody comes back with an offset that was never given, but for those who asked for one to come.
      readers = readers
        .filter(({ wanted }) => wanted <= safe)
        .map(({ cursor, wanted }) => ({ cursor: { ...cursor }, wanted }));
    }
    if (stream.next !== all.length) return `the next offset is ${stream.next}, not ${all.length}`;
  }
  sync();
  for (const reader of readers) {
    for (const [offset, message] of readAll(stream, reader.cursor, log)) {
      const wrong = seen(reader, offset, message);
      if (wrong !== null) return wrong;
    }
    const from = Math.max(reader.wanted, stream.first);
    const left = all.findIndex(({ atMs }, at) => at >= from && atMs >= reader.cursor.notBeforeMs);
    if (left >= 0) return `${left} does not come`;
  }
  const { next } = stream;
  const whole = readAll(stream, stream.begin({ tag: 'first' }), log).map(([offset]) => offset);
  const wanted = Array.from({ length: next - stream.first }, (_, at) => stream.first + at);
  return JSON.stringify(whole) === JSON.stringify(wanted) ? null : `${whole} instead of ${wanted}`;
}

/** Throws where the law is broken. */
export function checkStream(run: StreamRun, Made: Made = StreamLog): void {
  const wrong = play(run, Made);
  if (wrong !== null) throw new Error(wrong);
}
