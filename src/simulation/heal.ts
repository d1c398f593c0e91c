// The end of all trouble, called by the body of a test: from here on the schedule is fair and nothing breaks, so that what
// must come sooner or later has to come now (R21).
import type { Env } from '../env/index.ts';

/** What can be healed. */
export interface Patient {
  heal(): void;
}

const patients = new WeakMap<Env, Patient>();

/** Makes `heal` reach a world by the environment of its processes. */
export function admit(env: Env, patient: Patient): void {
  patients.set(env, patient);
}

/**
 * Ends delays and partitions, releases what is held back, and lets the rest of the run go in FIFO order without faults.
 * What has died stays dead. Throws TypeError outside the simulator.
 */
export function heal(context: { readonly env: Env }): void {
  const patient = patients.get(context.env);
  if (patient === undefined) throw new TypeError('only a simulation can be healed');
  patient.heal();
}
