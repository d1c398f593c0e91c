// Where the processes of a case live, as data that travels to the processes that start others themselves.
import type { Placement, SpawnOptions } from '../../src/process/index.ts';
import type { AnyPid } from '../../src/term/index.ts';

/** All beside their starter, or each on another of these threads than its starter. */
export type Plan = { readonly tag: 'here' } | { readonly tag: 'spread'; readonly threads: readonly number[] };

export const HERE: Plan = { tag: 'here' };

export type PlacedOptions = Pick<SpawnOptions, 'placement' | 'name' | 'label' | 'priority' | 'maxMailbox'>;

let turn = 0;

/** The placement of the next process that `starter` starts. */
export function place(plan: Plan, starter: AnyPid): { readonly placement: Placement } {
  if (plan.tag === 'here') return { placement: 'here' };
  const others = plan.threads.filter((thread) => thread !== starter.origin.thread);
  return { placement: { thread: others[turn++ % others.length] } };
}
