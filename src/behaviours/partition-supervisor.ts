// Partition supervisor (PAR-1): several copies of one child, each responsible for a share of the keys, spread over
// threads. Which copy a key belongs to is a pure function, so that no process stands between a caller and its partition;
// each copy is registered, so that a restarted one is found again.
//
//   const carts = partitions('carts', 4);
//   const tree = partitionSupervisor(carts, { start: { body: CART }, threads: system.engine.threads });
//   yield* call(partitionFor(carts, customerId), { tag: 'add', item });
import type { Context } from '../process/index.ts';
import { type AnyPid, BadArgumentError, checkName, checkOptions, hasTag, Pid, Ref } from '../term/index.ts';
import type { ChildSpec, ChildStart, SupervisorFlags } from './child-spec.ts';
import type { RegistryKey } from './registry.ts';
import { type SupervisorDefinition, supervisor } from './supervisor.ts';

declare const pidType: unique symbol;

/** A set of partitions whose processes are `T`s, as plain data: it may be kept in a module, or sent to other threads. */
export interface Partitions<T extends AnyPid = AnyPid> {
  readonly [pidType]?: T;
  readonly tag: 'partitions';
  readonly name: string;
  readonly count: number;
}

/** Integers are taken modulo the count, as they are; other keys are hashed. */
export type PartitionKey = RegistryKey | Ref;

/** Each partition is a process. */
const PARTITIONS_MAX = 1_000_000;

/** Names a set of `count` partitions. The names of the processes are `<name>/0`, `<name>/1` and so on. */
export function partitions<T extends AnyPid = AnyPid>(name: string, count: number): Partitions<T> {
  checkName('partitions', name);
  if (!Number.isSafeInteger(count) || count < 1 || count > PARTITIONS_MAX)
    throw new BadArgumentError('partitions', `a count of 1 or more, to ${PARTITIONS_MAX}`, count);
  return { tag: 'partitions', name, count };
}

/** The child of a partition supervisor, the flags of the supervisor, and the threads its copies live on. */
export interface PartitionOptions
  extends Omit<SupervisorFlags, 'strategy' | 'autoShutdown'>,
    Omit<ChildSpec, 'id' | 'start' | 'significant'> {
  /** How each copy starts; as a function it gets the number of the partition. Its name is given by the supervisor. */
  readonly start: ChildStart | ((partition: number) => ChildStart);
  /** Data threads, such as `system.engine.threads`: copy n lives on the thread at n modulo their number. */
  readonly threads?: readonly number[];
}

const OPTIONS: Readonly<Record<keyof PartitionOptions, true>> = {
  start: true,
  threads: true,
  restart: true,
  shutdown: true,
  type: true,
  intensity: true,
  periodMs: true,
};

/**
 * Defines the supervisor of a set of partitions; each copy is restarted by itself. Throws BadArgumentError for a bad
 * option, RangeError for one that does not exist; what a start says is checked when the supervisor starts.
 */
export function partitionSupervisor(set: Partitions, options: PartitionOptions): SupervisorDefinition {
  checkPartitions('partitionSupervisor', set);
  checkOptions('partitionSupervisor', options, OPTIONS);
  if (options.threads !== undefined) checkThreads('partitionSupervisor', options.threads);
  const { start, threads = [], restart, shutdown, type, ...flags } = options;
  const children = Array.from({ length: set.count }, (_, index): ChildSpec => {
    const given = typeof start === 'function' ? start(index) : start;
    // What is no start at all is refused by the supervisor, with the right error.
    if (typeof given !== 'object' || given === null) return { id: String(index), start: given };
    const placement = threads.length === 0 ? given.placement : { thread: threads[index % threads.length] };
    const how: ChildStart = { ...given, name: nameOf(set, index), ...(placement === undefined ? {} : { placement }) };
    return { id: String(index), start: how, restart, shutdown, type };
  });
  return supervisor({ ...flags, strategy: 'oneForOne', children });
}

function checkPartitions(operation: string, set: Partitions): void {
  if (!hasTag(set, 'partitions') || !(set.count >= 1))
    throw new BadArgumentError(operation, 'a set made by `partitions`', set);
}

/** Throws BadArgumentError for what is no list of thread numbers. */
export function checkThreads(operation: string, threads: readonly number[]): void {
  if (!Array.isArray(threads) || !threads.every((thread) => Number.isInteger(thread) && thread >= 0))
    throw new BadArgumentError(operation, 'an array of thread numbers', threads);
}

/** The number of the partition that `key` belongs to. */
export function partitionOf(set: Partitions, key: PartitionKey): number {
  checkPartitions('partitionOf', set);
  if (typeof key === 'number' && Number.isSafeInteger(key)) return Math.abs(key) % set.count;
  if (typeof key === 'bigint') return Number((key < 0n ? -key : key) % BigInt(set.count));
  const isKey = ['string', 'number', 'boolean'].includes(typeof key) || key instanceof Pid || key instanceof Ref;
  if (!isKey) throw new BadArgumentError('partitionOf', 'a key of text, a number, a boolean, a pid or a ref', key);
  return hash(String(key)) % set.count;
}

/** The registered name of the partition for `key`: what `call`, `cast` and `send` take. */
export function partitionFor(set: Partitions, key: PartitionKey): string {
  return nameOf(set, partitionOf(set, key));
}

/** The process of the partition for `key`; undefined while it is being restarted. */
export function whereisPartition<T extends AnyPid>(
  context: Pick<Context, 'whereis'>,
  set: Partitions<T>,
  key: PartitionKey,
): T | undefined {
  return context.whereis(partitionFor(set, key)) as T | undefined;
}

/** The registered names of all partitions. */
export function partitionNames(set: Partitions): readonly string[] {
  return Array.from({ length: set.count }, (_, index) => nameOf(set, index));
}

function nameOf({ name }: Partitions, index: number): string {
  return `${name}/${index}`;
}

/** FNV-1a: the same on every thread, and in every run. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  // FNV's low bits are its weak ones, and a small modulo looks at nothing else.
  return ((value >>> 16) ^ value) >>> 0;
}
