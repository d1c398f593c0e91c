// Why a broker does not start with the log that is there: one line for people, through every supervisor in between.
import { taggedWithin } from '../reason-within.ts';

/** A log that cannot be opened, or may not be gone on with. */
export interface LogRefused {
  readonly tag: 'logRefused';
  readonly text: string;
}

export function logRefused(text: string): LogRefused {
  return { tag: 'logRefused', text };
}

/** The log that kept a tree from starting, somewhere in the reason of its end; null for another reason. */
export function logRefusedIn(reason: unknown): LogRefused | null {
  return taggedWithin(reason, 'logRefused') as LogRefused | null;
}
