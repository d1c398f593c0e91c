// The reviewed list of differences between Warren and Erlang that are meant. Each is a switch of the interpreter that
// makes it do what Erlang does: an outcome of Erlang is explained by it only when the program reaches that outcome on
// Warren with the switch on. Nothing else is excused.
import type { Program } from './program.ts';

export type Quirk = 'lateNoproc' | 'stopSaysSo' | 'activeAlive' | 'deadBeforeExit' | 'selfExitLater';

export interface Intended {
  readonly quirk: Quirk;
  /** The row of the semantics digest. */
  readonly row: string;
  readonly reason: string;
  /** False for a program that cannot show the difference. */
  concerns(program: Program): boolean;
}

function uses(program: Program, ...ops: readonly string[]): boolean {
  return program.roles.some(({ work }) => work.kind === 'script' && work.script.some(([op]) => ops.includes(op)));
}

export const INTENDED: readonly Intended[] = [
  {
    quirk: 'selfExitLater',
    row: 'EXI-5',
    reason:
      'An exit signal that a process sends itself is received before `exit` returns. On OTP 25 one that has just spawned ' +
      'and traps receives it a little later, and dies of it when it does not trap any more by then.',
    concerns: (program) => uses(program, 'exit_to') && uses(program, 'trap'),
  },
  {
    quirk: 'deadBeforeExit',
    row: 'SIG-6, SIG-7',
    reason:
      'On Warren the answer that a process is dead comes behind the EXITs and DOWNs that its end sends to the asker. ' +
      'On Erlang a process that is still ending is already dead for `is_process_alive`, and its EXIT may come later.',
    concerns: (program) => uses(program, 'alive'),
  },
  {
    quirk: 'lateNoproc',
    row: 'MON-3, MON-4',
    reason:
      'The DOWN of a monitor on a name that nobody has is in the mailbox when `monitor` returns. On Erlang it comes a ' +
      'moment later, and a `demonitor` in between still finds the monitor. Erlang promises neither.',
    concerns: (program) => uses(program, 'monitor_name') && uses(program, 'demonitor'),
  },
  {
    quirk: 'stopSaysSo',
    row: 'GS-13',
    reason:
      'A server that ends by itself with just the reason that `stopServer` asks for, while it asks, is stopped on ' +
      'Warren. Erlang fails with `{Reason, {sys, terminate, ...}}` when the end came before its request.',
    concerns: (program) => uses(program, 'stop'),
  },
  {
    quirk: 'activeAlive',
    row: 'SUP-11',
    reason:
      'The active children of `countChildren` are those whose end the supervisor has not heard of. Erlang asks each ' +
      'of them whether it is alive, and leaves out one whose EXIT is still on its way; on other threads that would ' +
      'be a round trip for each child.',
    concerns: (program) => uses(program, 'sup'),
  },
];
