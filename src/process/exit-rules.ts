// What an exit signal does to its receiver: one table (EXI-2, EXI-3, EXI-4, LNK-2, LNK-3, LNK-5).
//
//   signal                        | receiver traps            | receiver does not trap
//   ------------------------------+---------------------------+-------------------------------
//   exit(P, kill)                 | dies with killed          | dies with killed
//   exit(P, normal), P other      | message                   | ignored
//   exit(self, normal)            | message                   | dies with normal
//   exit(P, R)                    | message                   | dies with R
//   link, normal                  | message                   | ignored
//   link, R (kill included)       | message                   | dies with R
//   link that is no longer active | ignored                   | ignored

/** What the rule looks at. */
export interface ExitReception {
  readonly trapsExits: boolean;
  /** The sender is the receiver. */
  readonly fromSelf: boolean;
  /** `explicit` is `exit(pid, reason)`; the others come from the death of a linked process. */
  readonly via: 'explicit' | 'activeLink' | 'staleLink';
}

export type ExitEffect =
  | { readonly action: 'ignore' }
  | { readonly action: 'message' }
  | { readonly action: 'die'; readonly reason: unknown };

const IGNORE: ExitEffect = { action: 'ignore' };
const MESSAGE: ExitEffect = { action: 'message' };

/** Decides what receiving an exit signal with `reason` does. The trap flag is the one at reception (EXI-5). */
export function receiveExit(reception: ExitReception, reason: unknown): ExitEffect {
  if (reception.via === 'staleLink') return IGNORE;
  if (reception.via === 'explicit' && reason === 'kill') return { action: 'die', reason: 'killed' };
  if (reception.trapsExits) return MESSAGE;
  if (reason !== 'normal') return { action: 'die', reason };
  return reception.via === 'explicit' && reception.fromSelf ? { action: 'die', reason } : IGNORE;
}
