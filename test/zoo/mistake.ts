// One row of the zoo, and how what was found is shown.
import { type Found, HUNT_MS, type Hunt } from './hunt.ts';

/** A planted mistake. */
export interface Mistake {
  /** Unique in the zoo. */
  readonly id: string;
  /** The row of the reliability digest that it breaks. */
  readonly invariant: string;
  readonly planted: string;
  /** The property that has to see it. */
  readonly property: string;
  readonly hunt: Hunt;
}

/** The mistake and what the hunt for it took. */
export interface Catch extends Found {
  readonly mistake: Mistake;
}

/** Hunts the mistake. Throws when it is not found in time. */
export function catchOf(mistake: Mistake, seed: number): Catch {
  const found = mistake.hunt(seed);
  if (found.ms > HUNT_MS) throw new Error(`${mistake.id} was found after ${found.ms} ms only`);
  return { ...found, mistake };
}

/** A table of all that was found, and a line of totals. */
export function summary(catches: readonly Catch[]): string {
  const rows = catches.map(({ mistake: { id, invariant, property }, programs, ms }) => [
    invariant,
    id,
    property,
    `${programs}`,
    `${Math.round(ms)} ms`,
  ]);
  const all = [['rule', 'mistake', 'seen by', 'programs', 'time'], ...rows];
  const widths = all[0].map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column < 3 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('  ');
  const sum = (pick: (each: Catch) => number) => catches.reduce((total, each) => total + pick(each), 0);
  const totals = `${catches.length} mistakes found in ${sum(({ programs }) => programs)} programs, ${Math.round(sum(({ ms }) => ms))} ms`;
  return [...all.map(line), totals].join('\n');
}
