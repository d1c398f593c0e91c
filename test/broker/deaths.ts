// Messages that die, and what their headers tell of it (B17).
import fc from 'fast-check';
import { expect } from 'vitest';
import type { FieldTable, FieldValue } from '../../src/broker/field-table.ts';
import type { Message } from '../../src/broker/message.ts';
import { type DeadLetterReason, deadLetter, mayEnter, queueSettings } from '../../src/broker/queue/index.ts';
import { fieldOf, formats, messageOf, table, testFormat } from './messages.ts';

export const NOW_MS = 1_700_000_000_999;

export function die(
  message: Message,
  queue = 'q',
  reason: DeadLetterReason = 'rejected',
  routingKey: string | null = null,
): Message {
  const args = table({ 'x-dead-letter-exchange': 'dlx' });
  if (routingKey !== null) args.set('x-dead-letter-routing-key', fieldOf(routingKey));
  const settings = queueSettings(args);
  const letter = deadLetter({ message, reason, queue, settings, nowMs: NOW_MS, formats });
  if (letter === null) throw new Error('the queue has a dead letter exchange');
  return letter;
}

export function headersOf(message: Message): FieldTable {
  return testFormat.headers(message) ?? new Map();
}

/** A value without its type. */
export function plain({ value }: FieldValue): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, each]) => [name, plain(each)]));
  return Array.isArray(value) ? value.map(plain) : value;
}

export function deaths(message: Message): unknown[] {
  const field = headersOf(message).get('x-death');
  return field === undefined ? [] : (plain(field) as unknown[]);
}

const REASONS: readonly DeadLetterReason[] = ['rejected', 'expired', 'maxlen'];

/** Deaths of one Message, the first one first. */
export const deathRuns = fc.array(
  fc.record({ queue: fc.constantFrom('a', 'b'), reason: fc.constantFrom(...REASONS) }),
  { minLength: 1, maxLength: 12 },
);
export type DeathRun = typeof deathRuns extends fc.Arbitrary<infer R> ? R : never;

/** One entry for each queue and reason, the newest first, counts exact; throws where they are not. */
export function checkDeaths(all: DeathRun, dies: typeof die = die): void {
  let message = messageOf();
  let model: { queue: string; reason: string; count: bigint }[] = [];
  for (const { queue, reason } of all) {
    message = dies(message, queue, reason);
    const old = model.find((each) => each.queue === queue && each.reason === reason);
    model = [{ queue, reason, count: (old?.count ?? 0n) + 1n }, ...model.filter((each) => each !== old)];
  }
  expect(deaths(message)).toHaveLength(model.length);
  expect(deaths(message)).toMatchObject(model);
}

/** Back into a queue only with a rejection since it was there, or for the first time. */
export function checkCycles(all: DeathRun, enters: typeof mayEnter = mayEnter): void {
  let message = messageOf();
  const history: { queue: string; reason: string }[] = [];
  for (const death of all) {
    message = die(message, death.queue, death.reason);
    const again = history.findIndex(({ queue, reason }) => queue === death.queue && reason === death.reason);
    if (again >= 0) history.splice(again, 1);
    history.unshift(death);
    for (const queue of ['a', 'b', 'c']) {
      const seen = history.findIndex((each) => each.queue === queue);
      const rejected = history.findIndex(({ reason }) => reason === 'rejected');
      const isFree = seen < 0 || (rejected >= 0 && rejected <= seen);
      expect(enters(message, queue, formats), `B17 into ${queue}`).toBe(isFree);
    }
  }
}
