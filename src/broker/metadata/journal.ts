// What the metadata writes into the broker's log (DESIGN decision 14, B24): every durable event in order, and from time
// to time everything at once, so that what a restart has to read grows with what there is and not with what there was.
// An answer to a client that rests on an event waits until the event is safe.
import { call, type From, replyTo, type ServerContext } from '../../behaviours/index.ts';
import type { Effects } from '../../process/index.ts';
import { RecordBatch } from '../../storage/index.ts';
import type { AnyPid, Pid } from '../../term/index.ts';
import type { Outcome } from '../queue-server/protocol.ts';
import { type FromLog, type LogPid, type LogRefused, logRefused } from '../store/index.ts';
import {
  decodeJournalRecord,
  encodeJournalRecord,
  isKnownRecord,
  type JournalRecord,
  unknownRecord,
} from './event-codec.ts';
import type { MetadataEvent } from './events.ts';
import { presentEvents } from './former-events.ts';

/** The row of the log that is the metadata's; those of queues begin above. */
const ROW = 0;
const PAGE = { count: 10_000, bytes: 4_194_304 };
/** Events of a snapshot that are written as one record. */
const PART_EVENTS = 500;
/** A snapshot is due when this many events, and as many as it would have itself, were written since the last. */
const SNAPSHOT_EVENTS_MIN = 1_000;

/** What a restart finds. */
export interface Recovered {
  readonly events: readonly MetadataEvent[];
  readonly lastQueueId: number;
  readonly lastSequence: number;
}

/** Reads all that the log has of the metadata; changes nothing. Where some of it is missing it says what. */
export function* recoverMetadata(log: LogPid): Effects<Recovered | LogRefused> {
  const found: JournalPlace[] = [];
  for (let from: number | null = 1; from !== null; ) {
    const page: {
      records: readonly { sequence: number; payload: Uint8Array }[];
      next: number | null;
      damaged: number;
    } = yield* call(log, { tag: 'page', row: ROW, from, limit: PAGE }, Number.POSITIVE_INFINITY);
    if (page.damaged > 0) return refused(`${page.damaged} records of it are damaged`);
    for (const { sequence, payload } of page.records) {
      if (!isKnownRecord(payload)) return logRefused(unknownRecord(payload));
      found.push({ sequence, record: decodeJournalRecord(payload) });
    }
    from = page.next;
  }
  const gap = gapIn(found);
  if (gap !== null) {
    const [first, last] = gap;
    return refused(first === last ? `its record ${first} is missing` : `its records ${first} to ${last} are missing`);
  }
  const recovered = replayed(found.map(({ record }) => record));
  const stranger = yield* rowWithoutQueue(log, recovered.lastQueueId);
  if (stranger !== null) return refused(`it ends before queue ${stranger}, which has messages`);
  return { ...recovered, lastSequence: found.at(-1)?.sequence ?? 0 };
}

function refused(what: string): LogRefused {
  const advice = 'nothing was removed; put the missing or damaged segments back, or begin with another directory';
  return logRefused(`what says which queues and users there are is not whole: ${what}; ${advice}`);
}

/** A record of the metadata where the log has it. */
export interface JournalPlace {
  readonly sequence: number;
  readonly record: JournalRecord;
}

/**
 * The first numbers that are missing; null for none. The records are numbered without a gap, from 1 or, when what was
 * before is not needed any more, from the first part of a snapshot. Pure.
 */
export function gapIn(found: readonly JournalPlace[]): readonly [first: number, last: number] | null {
  for (const [place, { sequence, record }] of found.entries()) {
    const before = place > 0 ? found[place - 1].sequence : 0;
    const isBeginning = place === 0 && record.tag === 'snapshotPart' && record.part === 0;
    if (sequence !== before + 1 && !isBeginning) return [before + 1, sequence - 1];
  }
  return null;
}

/**
 * A queue that has messages though the metadata has never heard of it; null for none. A queue is declared before it has
 * messages, so it is the declaration that was lost. One that was deleted has a number that the metadata knows.
 */
function* rowWithoutQueue(log: LogPid, lastQueueId: number): Effects<number | null> {
  const rows = yield* call(log, { tag: 'rows' }, Number.POSITIVE_INFINITY);
  for (const row of rows) {
    if (row <= 1 || row >> 1 <= lastQueueId) continue;
    const first = { tag: 'page', row, from: 1, limit: { count: 1, bytes: 1 } } as const;
    const page: { records: readonly unknown[]; damaged: number } = yield* call(log, first, Number.POSITIVE_INFINITY);
    if (page.records.length + page.damaged > 0) return row >> 1;
  }
  return null;
}

/** The events that make the metadata: those of the last whole snapshot and all after it. Pure. */
export function replayed(records: readonly JournalRecord[]): Pick<Recovered, 'events' | 'lastQueueId'> {
  let events: MetadataEvent[] = [];
  let lastQueueId = 0;
  let parts: MetadataEvent[][] = [];
  for (const record of records) {
    if (record.tag === 'event') {
      events.push(...presentEvents(record.event));
      if (record.event.tag === 'queueDeclared') lastQueueId = Math.max(lastQueueId, record.event.record.id);
      continue;
    }
    lastQueueId = Math.max(lastQueueId, record.lastQueueId);
    if (record.part === 0) parts = [];
    if (record.part !== parts.length) continue;
    parts.push(record.events.flatMap(presentEvents));
    if (parts.length === record.parts) events = parts.flat();
  }
  return { events, lastQueueId };
}

const NOT_SAFE: Outcome<never> = { ok: false, error: { scope: 'connection', code: 541, text: '' } };

interface Answer {
  readonly batch: number;
  readonly from: From;
  readonly reply: unknown;
}

export class Journal {
  private readonly context: ServerContext;
  private readonly log: LogPid;
  private readonly batch: RecordBatch;
  private batchNumber = 1;
  private safeNumber = 0;
  private lastSequence: number;
  private firstSequence: number;
  private answers: Answer[] = [];
  hasFailed = false;

  constructor(context: ServerContext, log: LogPid, lastSequence: number) {
    this.context = context;
    this.log = log;
    this.lastSequence = lastSequence;
    this.firstSequence = 1;
    this.batch = new RecordBatch((bytes, previous) => context.env.disk.crc32(bytes, previous));
  }

  /** Writes an event; at once, because others see what it did. */
  write(event: MetadataEvent): void {
    this.add({ tag: 'event', event });
    this.flush();
  }

  /** Rows of queues that are gone. */
  deleteRows(rows: readonly number[]): void {
    for (const row of rows) this.batch.deleteQueue(row);
    this.flush();
  }

  /** Whether it is time for a snapshot of a state that so many events make. */
  isSnapshotDue(events: number): boolean {
    return this.lastSequence - this.firstSequence > Math.max(SNAPSHOT_EVENTS_MIN, events);
  }

  /** Writes everything at once; what was written before is not needed any more. */
  snapshot(events: readonly MetadataEvent[], lastQueueId: number): void {
    const before = this.lastSequence;
    const parts = Math.max(1, Math.ceil(events.length / PART_EVENTS));
    for (let part = 0; part < parts; part++) {
      const some = events.slice(part * PART_EVENTS, (part + 1) * PART_EVENTS);
      this.add({ tag: 'snapshotPart', part, parts, lastQueueId, events: some });
    }
    if (before > 0) this.batch.acks(ROW, [[1, before]]);
    this.firstSequence = this.lastSequence;
    this.flush();
  }

  get sequence(): number {
    return this.lastSequence;
  }

  private add(record: JournalRecord): void {
    this.batch.publish(ROW, ++this.lastSequence, [encodeJournalRecord(record)]);
  }

  private flush(): void {
    if (this.batch.isEmpty) return;
    const from = this.context.self as AnyPid as Pid<FromLog>;
    this.context.send(this.log, {
      tag: 'append',
      from,
      batch: this.batchNumber++,
      bytes: this.batch.take(),
      isAwaited: true,
    });
  }

  /** Answers once everything written so far is safe. Once the log has failed nobody is told that anything was done. */
  answer(from: From, reply: unknown): void {
    const batch = this.batchNumber - 1;
    if (batch <= this.safeNumber) replyTo(this.context, from, reply);
    else if (this.hasFailed) replyTo(this.context, from, NOT_SAFE);
    else this.answers.push({ batch, from, reply });
  }

  failed(): void {
    this.hasFailed = true;
    for (const { from } of this.answers.splice(0)) replyTo(this.context, from, NOT_SAFE);
  }

  safe(batch: number): void {
    this.safeNumber = Math.max(this.safeNumber, batch);
    let told = 0;
    while (told < this.answers.length && this.answers[told].batch <= this.safeNumber) told++;
    for (const { from, reply } of this.answers.splice(0, told)) replyTo(this.context, from, reply);
  }
}
