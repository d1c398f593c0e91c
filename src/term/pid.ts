// Pid: the address of one process, valid on every thread (PRC-1: minted by the caller of spawn).
// Pids are interned per thread, so `===` and Map keys hold after A -> B -> A.
import type { Origin } from './origin.ts';

declare const protocol: unique symbol;

/** What `util.inspect` of Node looks for. */
export const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never;

/**
 * The address of a process that accepts messages of type `P`.
 * A pid is a term: it may be sent, compared with `===` and used as a Map key. A pid of a dead process stays valid
 * as a value; what is sent to it vanishes (SIG-3).
 */
export class Pid<in P = never> {
  declare readonly [protocol]: (message: P) => void;
  readonly origin: Origin;
  readonly serial: number;
  /** The process record while the process lives on this very scheduler, else null. Runtime internal. */
  target: object | null = null;

  constructor(origin: Origin, serial: number) {
    this.origin = origin;
    this.serial = serial;
  }

  /** `<thread.incarnation.serial>`, the form used in logs and reports. */
  toString(): string {
    return `<${this.origin.thread}.${this.origin.incarnation}.${this.serial}>`;
  }

  /** As text: what hangs on a pid at home is the whole process, with cycles. */
  toJSON(): string {
    return this.toString();
  }

  /** The same for `console.log`. */
  [INSPECT](): string {
    return this.toString();
  }
}

/** A pid whose protocol is not known to the holder: every `Pid<P>` is one, and nothing but exits may be sent to it. */
export type AnyPid = Pid<never>;
