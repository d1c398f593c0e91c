// The rows of one table and their order (ETS-1). Pure: who may touch them is decided in tables.ts.
// A `set` keeps rows as they came; an `orderedSet` keeps its keys sorted: numbers, then text, booleans and pids.
import { BadArgumentError, Pid } from '../term/index.ts';
import { comparePids } from './go-channel-protocol.ts';
import type { RegistryKey } from './registry.ts';
import { readTerm, type StoredTerm, storeTerm } from './stored-term.ts';

export type TableKey = RegistryKey;
export type TableKind = 'set' | 'orderedSet';

/** One row, as it is read. */
export interface Row {
  readonly key: TableKey;
  readonly value: unknown;
}

export class TableStore {
  readonly kind: TableKind;
  private readonly rows = new Map<TableKey, StoredTerm>();
  /** The keys in order, for an ordered set. */
  private readonly keys: TableKey[] = [];

  constructor(kind: TableKind) {
    this.kind = kind;
  }

  get size(): number {
    return this.rows.size;
  }

  has(key: TableKey): boolean {
    return this.rows.has(key);
  }

  read(key: TableKey): unknown {
    const row = this.rows.get(key);
    return row === undefined ? undefined : readTerm(row);
  }

  /** Replaces the row of the same key. */
  put(key: TableKey, value: unknown): void {
    checkKey(key);
    const stored = storeTerm(value);
    if (this.kind === 'orderedSet' && !this.rows.has(key)) this.keys.splice(this.placeOf(key), 0, key);
    this.rows.set(key, stored);
  }

  delete(key: TableKey): boolean {
    if (!this.rows.delete(key)) return false;
    if (this.kind === 'orderedSet') this.keys.splice(this.placeOf(key), 1);
    return true;
  }

  clear(): void {
    this.rows.clear();
    this.keys.length = 0;
  }

  /** All keys at this moment, in order. */
  allKeys(): TableKey[] {
    return this.kind === 'orderedSet' ? [...this.keys] : [...this.rows.keys()];
  }

  /** The first key behind `key`, which need not be there, or the first of all; ordered sets only. */
  keyAfter(key: TableKey | undefined): TableKey | undefined {
    if (key === undefined) return this.keys[0];
    const place = this.placeOf(key);
    const isThere = place < this.keys.length && compareKeys(this.keys[place], key) === 0;
    return this.keys[isThere ? place + 1 : place];
  }

  /** Where `key` is, or would be. */
  private placeOf(key: TableKey): number {
    let low = 0;
    let high = this.keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareKeys(this.keys[middle], key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const RANKS: readonly string[] = ['number', 'bigint', 'string', 'boolean'];

function checkKey(key: unknown): void {
  if (key instanceof Pid || (RANKS.includes(typeof key) && !Number.isNaN(key))) return;
  throw new BadArgumentError('a table', 'a key of text, a number, a boolean or a pid', key);
}

/** The order of keys; 1 and 1n are different keys, next to each other. */
function compareKeys(a: TableKey, b: TableKey): number {
  if (a === b || (a === 0 && b === 0)) return 0;
  if (a instanceof Pid && b instanceof Pid) return comparePids(a, b);
  const [rankA, rankB] = [rankOf(a), rankOf(b)];
  if (rankA !== rankB) return rankA - rankB;
  if (a < b) return -1;
  if (a > b) return 1;
  return typeof a < typeof b ? 1 : -1;
}

/** Numbers of both kinds are ordered by value. */
function rankOf(key: TableKey): number {
  return key instanceof Pid ? RANKS.length : Math.max(1, RANKS.indexOf(typeof key));
}
