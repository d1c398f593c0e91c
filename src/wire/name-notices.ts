// The words of the name protocol (DESIGN decision 8). They travel the same FIFO as all signals of the pair.
//
//   asker      -> owner    nameAsk {id, op, name, pid}
//   owner      -> home     nameClaim {id, name, pid}          only when the pid lives on neither of the two
//   home       -> owner    nameClaimed {id, error}
//   owner      -> all      nameSet | nameUnset {round, name, pid}, answered by ack {round}
//   owner      -> asker    nameDone {id, result}              when all have acknowledged
//   owner      -> new      welcome {names}, before anything else; hello comes back, and caughtUp ends what is not waited for
import type { Process, RegisterResult } from '../process/index.ts';
import type { AnyPid } from '../term/index.ts';
import type { Notice } from './link.ts';
import type { RoundNotice } from './rounds.ts';

export interface NameAsk extends Notice {
  readonly tag: 'nameAsk';
  readonly id: number;
  readonly op: 'register' | 'unregister' | 'release';
  readonly name: string;
  /** Null for `unregister`. */
  readonly pid: AnyPid | null;
}

export interface NameClaim extends Notice {
  readonly tag: 'nameClaim';
  readonly id: number;
  readonly name: string;
  readonly pid: AnyPid;
}

export interface NameClaimed extends Notice {
  readonly tag: 'nameClaimed';
  readonly id: number;
  readonly error: 'noproc' | 'hasName' | null;
}

export interface NameChange extends RoundNotice {
  readonly tag: 'nameSet' | 'nameUnset';
  readonly name: string;
  readonly pid: AnyPid;
}

export interface NameDone extends Notice {
  readonly tag: 'nameDone';
  readonly id: number;
  readonly result: RegisterResult | boolean;
}

export interface Welcome extends Notice {
  readonly tag: 'welcome';
  readonly names: readonly (readonly [string, AnyPid])[];
}

export const REGISTERED: RegisterResult = { ok: true };

/**
 * Ties a name to the process record at its home before anybody can resolve it, so that its death waits for the release
 * (SIG-7) even if it comes while the registration is under way. The error, or null.
 */
export function claimAtHome(name: string, pid: AnyPid): 'noproc' | 'hasName' | null {
  const process = pid.target as Process | null;
  if (process === null) return 'noproc';
  if (process.more.name !== null && process.more.name !== name) return 'hasName';
  process.more.name = name;
  return null;
}

/** The name was taken away: its process has none to release any more. */
export function unclaimAtHome(name: string, pid: AnyPid): void {
  const extras = (pid.target as Process | null)?.extras;
  if (extras != null && extras.name === name) extras.name = null;
}
