// Owned tables (ETS-1): rows by key that all processes of one thread may share, each operation atomic, each read and
// write a copy. A table ends with its owner, before anybody hears of that death, or goes to its heir.
// Node: there is no heap that threads share, so a table lives on the thread of its owner; elsewhere it is a call to a
// process there. Handles are data; used on another thread, or after the table's end, they are refused by name.
//
//   const sessions = createTable(context, { access: 'public', name: 'sessions' });
//   insertRow(context, sessions, 'ann', { since: context.now() });
//   const since = readRow(context, sessions, 'ann');
import { type Context, ExitError, type Process } from '../process/index.ts';
import { type AnyPid, BadArgumentError, checkName, checkOptions, checkPid, Ref, sealTerm } from '../term/index.ts';
import { storeTerm } from './stored-term.ts';
import { type Row, type TableKey, type TableKind, TableStore } from './table-store.ts';

/** A table of this thread. A term. */
export interface Table {
  readonly tag: 'table';
  readonly ref: Ref;
}

/** Who may read and write beside the owner: all; all may read; nobody. */
export type TableAccess = 'public' | 'protected' | 'private';

/** Who gets the table when its owner ends: a process of the same thread, told with a {@link TableTransfer}. */
export interface Heir {
  readonly pid: AnyPid;
  readonly data?: unknown;
}

export interface TableOptions {
  /** Default `protected`. */
  readonly access?: TableAccess;
  /** Default `set`. */
  readonly kind?: TableKind;
  /** To be found by `whereisTable`, on this thread. Throws when it is taken. */
  readonly name?: string;
  readonly heir?: Heir;
}

/** Tells a process that a table is its own now: before the DOWN of the owner that left it (ETS-TRANSFER). */
export interface TableTransfer {
  readonly tag: 'tableTransfer';
  readonly table: Table;
  readonly from: AnyPid;
  readonly data: unknown;
}

/** Thrown for an operation that the table's access forbids to the caller. */
export class TableAccessError extends ExitError {
  override readonly name = 'TableAccessError';
  constructor(operation: string, access: TableAccess) {
    super({ tag: 'tableAccess', operation, access }, `${operation} on a ${access} table of another process`);
  }
}

/** What tables need: any context, of an async body as well. */
export type TableContext = Pick<Context, 'kernel' | 'self'>;

class OwnedTable {
  readonly handle: Table;
  readonly rows: TableStore;
  readonly access: TableAccess;
  readonly name: string | null;
  heir: Heir | null;
  owner: Process;
  private readonly resource = { close: () => this.ownerEnded() };

  constructor(handle: Table, owner: Process, { access = 'protected', kind = 'set', name, heir }: TableOptions) {
    this.handle = handle;
    this.owner = owner;
    this.access = access;
    this.rows = new TableStore(kind);
    this.name = name ?? null;
    this.heir = heir ?? null;
    owner.own(this.resource);
  }

  /** Makes `to` the owner and tells it; false when it is not alive on this thread. */
  transfer(to: AnyPid, data: unknown): boolean {
    const next = to.target as Process | null;
    if (next === null || !next.isAlive) return false;
    const from = this.owner;
    from.disown(this.resource);
    this.owner = next;
    next.own(this.resource);
    const message: TableTransfer = { tag: 'tableTransfer', table: this.handle, from: from.self, data };
    if (from.isAlive) from.send(to, message);
    // The dead send nothing: the runtime tells the heir, before the owner's DOWN is on its way.
    else next.accept(message, sealTerm(message));
    return true;
  }

  end(): void {
    this.owner.disown(this.resource);
    this.rows.clear();
    this.handle.ref.slot = null;
    if (this.name !== null) this.owner.kernel.locals.delete(localName(this.name));
  }

  private ownerEnded(): void {
    const { heir } = this;
    if (heir === null || heir.pid === this.owner.self || !this.transfer(heir.pid, heir.data)) this.end();
  }
}

const OPTIONS: Readonly<Record<keyof TableOptions, true>> = { access: true, kind: true, name: true, heir: true };
const ACCESSES: readonly unknown[] = ['public', 'protected', 'private'];

/** Makes a table that the caller owns. Throws BadArgumentError for a bad option, a taken name included. */
export function createTable(context: TableContext, options: TableOptions = {}): Table {
  checkOptions('createTable', options, OPTIONS);
  const { access = 'protected', kind = 'set', name, heir } = options;
  if (!ACCESSES.includes(access))
    throw new BadArgumentError('createTable', "'public', 'protected' or 'private'", access);
  if (kind !== 'set' && kind !== 'orderedSet') throw new BadArgumentError('createTable', "'set' or 'orderedSet'", kind);
  if (heir !== undefined) checkHeir('createTable', heir);
  const { kernel } = context;
  if (name !== undefined) {
    checkName('createTable', name);
    if (kernel.locals.has(localName(name))) throw new BadArgumentError('createTable', 'a name that is free', name);
  }
  const handle: Table = { tag: 'table', ref: kernel.makeRef() };
  const table = new OwnedTable(handle, context as unknown as Process, options);
  handle.ref.slot = table;
  if (name !== undefined) kernel.locals.set(localName(name), table);
  return handle;
}

/** The table of that name on this thread, or undefined. */
export function whereisTable(context: TableContext, name: string): Table | undefined {
  return (context.kernel.locals.get(localName(name)) as OwnedTable | undefined)?.handle;
}

/** Writes a row, in the place of one with the same key. */
export function insertRow(context: TableContext, table: Table, key: TableKey, value: unknown): void {
  toWrite('insertRow', context, table).put(key, value);
}

/** Writes a row; false, and nothing is changed, when there is one with that key. */
export function insertNewRow(context: TableContext, table: Table, key: TableKey, value: unknown): boolean {
  const rows = toWrite('insertNewRow', context, table);
  if (rows.has(key)) return false;
  rows.put(key, value);
  return true;
}

/** The value of a row, or undefined. */
export function readRow<T = unknown>(context: TableContext, table: Table, key: TableKey): T | undefined {
  return toRead('readRow', context, table).read(key) as T | undefined;
}

export function hasRow(context: TableContext, table: Table, key: TableKey): boolean {
  return toRead('hasRow', context, table).has(key);
}

/** Deletes a row; false when there was none. */
export function deleteRow(context: TableContext, table: Table, key: TableKey): boolean {
  return toWrite('deleteRow', context, table).delete(key);
}

/** Reads a row and deletes it, in one step. */
export function takeRow<T = unknown>(context: TableContext, table: Table, key: TableKey): T | undefined {
  const rows = toWrite('takeRow', context, table);
  const value = rows.read(key) as T | undefined;
  rows.delete(key);
  return value;
}

/** Adds to a row that is a number, in one step; a row that is not there begins with `initial`. Returns the new value. */
export function updateCounter(
  context: TableContext,
  table: Table,
  key: TableKey,
  by: number,
  initial: number | null = null,
): number {
  const rows = toWrite('updateCounter', context, table);
  const before = rows.has(key) ? rows.read(key) : initial;
  if (typeof before !== 'number') throw new BadArgumentError('updateCounter', 'a row that is a number', before);
  if (typeof by !== 'number' || !Number.isFinite(by))
    throw new BadArgumentError('updateCounter', 'a number to add', by);
  const after = before + by;
  // Beyond 2^53 steps of 1 would be lost one after another.
  if (!Number.isFinite(after) || (Number.isInteger(after) && !Number.isSafeInteger(after)))
    throw new BadArgumentError('updateCounter', 'a sum below 2^53', after);
  rows.put(key, after);
  return after;
}

/** Deletes all rows. */
export function clearTable(context: TableContext, table: Table): void {
  toWrite('clearTable', context, table).clear();
}

/** How many rows there are. */
export function countRows(context: TableContext, table: Table): number {
  return toRead('countRows', context, table).size;
}

/** All rows at this moment: of an ordered set in the order of keys. Later changes do not touch them. */
export function readRows(context: TableContext, table: Table): Row[] {
  const rows = toRead('readRows', context, table);
  return rows.allKeys().map((key) => ({ key, value: rows.read(key) }));
}

/**
 * The first key of an ordered set behind `key`, which need not be there; without `key` the first of all. Undefined at the
 * end. Safe while rows come and go: `for (let key = nextKey(c, t); key !== undefined; key = nextKey(c, t, key))`.
 */
export function nextKey(context: TableContext, table: Table, key?: TableKey): TableKey | undefined {
  const rows = toRead('nextKey', context, table);
  if (rows.kind !== 'orderedSet') throw new BadArgumentError('nextKey', 'an ordered set', table.ref);
  return rows.keyAfter(key);
}

/** The process that owns the table. */
export function tableOwner(context: TableContext, table: Table): AnyPid {
  return find('tableOwner', context, table).owner.self;
}

/** Gives the caller's table to another process of the thread, which gets a {@link TableTransfer}. */
export function giveTable(context: TableContext, table: Table, to: AnyPid, data?: unknown): void {
  checkHeir('giveTable', { pid: to, data });
  const own = findOwn('giveTable', context, table);
  if (to === context.self) throw new BadArgumentError('giveTable', 'another process', to);
  if (!own.transfer(to, data)) throw new BadArgumentError('giveTable', 'a living process of this thread', to);
}

/** Says who gets the caller's table when it ends; null for nobody. */
export function setHeir(context: TableContext, table: Table, heir: Heir | null): void {
  if (heir !== null) checkHeir('setHeir', heir);
  findOwn('setHeir', context, table).heir = heir;
}

/** Ends a table. */
export function deleteTable(context: TableContext, table: Table): void {
  const found = find('deleteTable', context, table);
  if (found.access !== 'public') findOwn('deleteTable', context, table);
  found.end();
}

/** The data travels when nobody can be blamed for it any more. */
function checkHeir(operation: string, heir: Heir): void {
  checkPid(`${operation}: heir`, heir?.pid);
  storeTerm(heir.data);
}

function find(operation: string, context: TableContext, table: Table): OwnedTable {
  if (!(table?.ref instanceof Ref)) throw new BadArgumentError(operation, 'a table', table);
  const { slot } = table.ref;
  if (!(slot instanceof OwnedTable))
    throw new BadArgumentError(operation, 'a table that lives on this thread', table.ref);
  // A dead async body that works on must not touch what others see.
  if (!(context as unknown as Process).isAlive) throw new BadArgumentError(operation, 'a living caller', context.self);
  return slot;
}

function findOwn(operation: string, context: TableContext, table: Table): OwnedTable {
  const found = find(operation, context, table);
  if (found.owner.self !== context.self) throw new TableAccessError(operation, found.access);
  return found;
}

function toRead(operation: string, context: TableContext, table: Table): TableStore {
  const found = find(operation, context, table);
  if (found.access === 'private' && found.owner.self !== context.self) throw new TableAccessError(operation, 'private');
  return found.rows;
}

function toWrite(operation: string, context: TableContext, table: Table): TableStore {
  const found = find(operation, context, table);
  if (found.access !== 'public' && found.owner.self !== context.self)
    throw new TableAccessError(operation, found.access);
  return found.rows;
}

function localName(name: string): string {
  return `table/${name}`;
}
