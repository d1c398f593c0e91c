// Ref: a unique value (monitor, timer, request, alias). Interned per thread like a Pid.
import type { Origin } from './origin.ts';
import { INSPECT } from './pid.ts';

/**
 * A unique reference. When it is an active alias (ALI-1), messages can be sent to it and reach its creator.
 * `slot` is the runtime's own link to what the ref stands for on this scheduler; user code never reads it.
 */
export class Ref {
  readonly origin: Origin;
  readonly serial: number;
  /** What the ref stands for on its own scheduler (alias owner, timer), or null. Runtime internal. */
  slot: object | null = null;

  constructor(origin: Origin, serial: number) {
    this.origin = origin;
    this.serial = serial;
  }

  /** `#Ref<thread.incarnation.serial>`. */
  toString(): string {
    return `#Ref<${this.origin.thread}.${this.origin.incarnation}.${this.serial}>`;
  }

  /** As text, like a pid. */
  toJSON(): string {
    return this.toString();
  }

  /** The same for `console.log`. */
  [INSPECT](): string {
    return this.toString();
  }
}
