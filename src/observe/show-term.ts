// A message as short text, whatever it is: bounded in depth, in entries and in length, so that looking at it costs little
// and cannot fail.
import { Pid, Ref } from '../term/index.ts';

const DEPTH_MAX = 3;
const ENTRIES_MAX = 8;
const TEXT_MAX = 60;
/** Longest text that is returned. */
export const SHOWN_MAX = 200;

/** A value in at most {@link SHOWN_MAX} characters. Never throws. */
export function showTerm(value: unknown): string {
  try {
    const shown = show(value, 0);
    return shown.length <= SHOWN_MAX ? shown : `${shown.slice(0, SHOWN_MAX - 1)}…`;
  } catch {
    // A getter or a proxy that does not want to be looked at.
    return '[something that cannot be shown]';
  }
}

function show(value: unknown, depth: number): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length <= TEXT_MAX ? value : `${value.slice(0, TEXT_MAX)}…`);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return `[function ${value.name}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Pid || value instanceof Ref) return value.toString();
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (depth === DEPTH_MAX) return Array.isArray(value) ? '[…]' : '{…}';
  if (Array.isArray(value)) return `[${entries(value, (each) => show(each, depth + 1))}]`;
  if (value instanceof Map) {
    return `Map{${entries([...value], ([key, each]) => `${show(key, depth + 1)} => ${show(each, depth + 1)}`)}}`;
  }
  if (value instanceof Set) return `Set{${entries([...value], (each) => show(each, depth + 1))}}`;
  const { name } = value.constructor ?? {};
  const kind = name === undefined || name === 'Object' ? '' : `${name} `;
  return `${kind}{${entries(Object.entries(value), ([key, each]) => `${key}: ${show(each, depth + 1)}`)}}`;
}

function entries<T>(all: readonly T[], text: (each: T) => string): string {
  const shown = all.slice(0, ENTRIES_MAX).map(text);
  if (all.length > ENTRIES_MAX) shown.push(`… ${all.length - ENTRIES_MAX} more`);
  return shown.join(', ');
}
