// How many entries the tables of a method or of a Message's headers have (reliability 2.e, "memory/length/frame/nesting"):
// nested ones and the items of arrays count, so that no shape of table holds more than another.
import type { FieldTable, FieldValue, Method } from './codec/index.ts';

/** Entries of a table with everything in it. Its depth is bounded by the codec. */
export function countEntries(table: FieldTable): number {
  let count = 0;
  for (const value of table.values()) count += 1 + countIn(value);
  return count;
}

function countIn(value: FieldValue): number {
  if (value.type === 'table') return countEntries(value.value);
  if (value.type !== 'array') return 0;
  return value.value.reduce((sum, item) => sum + 1 + countIn(item), 0);
}

/** Why a method's table is refused, or null. Nothing is counted where there is no limit. */
export function entriesRefusal(method: Method, entriesMax: number): string | null {
  if (entriesMax === Number.POSITIVE_INFINITY) return null;
  const table = tableOf(method);
  const count = table === null ? 0 : countEntries(table);
  return count > entriesMax ? `table with ${count} entries is above the limit tableEntries (${entriesMax})` : null;
}

function tableOf(method: Method): FieldTable | null {
  if ('arguments' in method) return method.arguments;
  return 'clientProperties' in method ? method.clientProperties : null;
}
