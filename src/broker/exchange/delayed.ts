// Exchanges of type x-delayed-message: a Message is routed at once by the type that x-delayed-type names, and arrives in
// its queues after the milliseconds of its header x-delay. Delivered, the header is negative, as the plugin leaves it, so
// that a dead letter is not delayed again.
import type { FieldTable } from '../field-table.ts';
import { integerOf } from '../field-table.ts';
import { headersOf, type Message, type PropertiesFormats } from '../message.ts';

const HEADER = 'x-delay';
/** Longest delay in ms, as the plugin has it. */
export const DELAY_MS_MAX = 4_294_967_295;

/** The Message with its delay; the same one when it asks for none. */
export function delayed(message: Message, formats: PropertiesFormats): Message {
  const headers = headersOf(message, formats);
  const field = headers?.get(HEADER);
  const delayMs = field === undefined ? null : integerOf(field);
  const format = formats.get(message.format);
  if (headers === null || delayMs === null || delayMs <= 0 || format === undefined) return message;
  const turned: FieldTable = new Map(headers).set(HEADER, { type: 'long', value: BigInt(-delayMs) });
  return { ...format.rewrite(message, { headers: turned }), delayMs: Math.min(delayMs, DELAY_MS_MAX) };
}
