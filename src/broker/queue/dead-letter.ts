// Dead lettering (digest 9): the Message that is published again, with its x-death history, and the rule that cuts
// cycles without a rejection (B17).
import type { FieldTable, FieldValue } from '../field-table.ts';
import { headersOf, type Message, type PropertiesFormats } from '../message.ts';
import type { DeadLetterReason } from './queue.ts';
import type { QueueSettings } from './queue-settings.ts';

const longstr = (value: string): FieldValue => ({ type: 'longstr', value });

/** What makes a dead letter of a Message. */
export interface Death {
  readonly message: Message;
  readonly reason: DeadLetterReason;
  /** The queue it died in. */
  readonly queue: string;
  readonly settings: QueueSettings;
  /** Wall time in ms. */
  readonly nowMs: number;
  readonly formats: PropertiesFormats;
}

/** What is published for a Message that died, or null when its queue has no dead letter exchange. */
export function deadLetter(death: Death): Message | null {
  const { message, settings, formats } = death;
  const { deadLetterExchange, deadLetterRoutingKey } = settings;
  const format = formats.get(message.format);
  if (deadLetterExchange === null || format === undefined) return null;
  const headers: FieldTable = new Map(format.headers(message) ?? []);
  recordDeath(headers, death);
  // With a routing key of its own the copies of the original would be routed by keys they no longer have.
  if (deadLetterRoutingKey !== null) headers.delete('CC');
  return {
    ...format.rewrite(message, { headers, expiration: null }),
    exchange: deadLetterExchange,
    routingKey: deadLetterRoutingKey ?? message.routingKey,
    extraKeys: deadLetterRoutingKey === null ? message.extraKeys : null,
    ttlMs: -1,
    delayMs: 0,
  };
}

/**
 * True when the dead letter may go to `queue`: not when it has been there and nothing was rejected since, because then
 * nobody but the broker moves it in a circle. The history has the newest death first.
 */
export function mayEnter(message: Message, queue: string, formats: PropertiesFormats): boolean {
  for (const death of deathsIn(headersOf(message, formats))) {
    if (textIn(death, 'reason') === 'rejected') return true;
    if (textIn(death, 'queue') === queue) return false;
  }
  return true;
}

function recordDeath(headers: FieldTable, death: Death): void {
  const { message, reason, queue } = death;
  const deaths = deathsIn(headers);
  const known = deaths.findIndex((each) => textIn(each, 'queue') === queue && textIn(each, 'reason') === reason);
  const isFirst = !headers.has('x-death');
  const entry = known < 0 ? newDeath(headers, death) : again(deaths.splice(known, 1)[0]);
  const all: FieldValue[] = [entry, ...deaths].map((value) => ({ type: 'table', value }));
  headers.set('x-death', { type: 'array', value: all });
  // RabbitMQ looks at x-death alone: one that is no history keeps them away, and what a client has put there does not.
  if (!isFirst) return;
  headers.set('x-first-death-reason', longstr(reason));
  headers.set('x-first-death-queue', longstr(queue));
  headers.set('x-first-death-exchange', longstr(message.exchange));
}

function newDeath(headers: FieldTable, { message, reason, queue, nowMs }: Death): FieldTable {
  const keys = [message.routingKey, ...(ccKeys(headers) ?? [])].map(longstr);
  const death: FieldTable = new Map<string, FieldValue>([
    ['count', { type: 'long', value: 1n }],
    ['reason', longstr(reason)],
    ['queue', longstr(queue)],
    ['time', { type: 'timestamp', value: BigInt(Math.floor(nowMs / 1000)) }],
    ['exchange', longstr(message.exchange)],
    ['routing-keys', { type: 'array', value: keys }],
  ]);
  if (message.ttlMs >= 0) death.set('original-expiration', longstr(String(message.ttlMs)));
  return death;
}

function again(death: FieldTable): FieldTable {
  const count = death.get('count')?.value;
  const counted = typeof count === 'bigint' ? count : BigInt(Math.trunc(Number(count ?? 0)));
  return new Map(death).set('count', { type: 'long', value: counted + 1n });
}

/** A history that is no array, or entries that are no tables, are replaced, as RabbitMQ does. */
function deathsIn(headers: FieldTable | null): FieldTable[] {
  const field = headers?.get('x-death');
  if (field?.type !== 'array') return [];
  return field.value.flatMap((item) => (item.type === 'table' ? [item.value] : []));
}

function ccKeys(headers: FieldTable | null): readonly string[] | null {
  const field = headers?.get('CC');
  if (field?.type !== 'array') return null;
  return field.value.flatMap((item) => (item.type === 'longstr' && typeof item.value === 'string' ? [item.value] : []));
}

function textIn(table: FieldTable, name: string): string | null {
  const value = table.get(name)?.value;
  return typeof value === 'string' ? value : null;
}
