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

/** Characters of what a property said that the table has room for. */
const SHOWN_CHARS = 70;

/** A table of all that was found, and a line of totals. */
export function summary(catches: readonly Catch[]): string {
  const rows = catches.map(({ mistake: { id, invariant, property }, programs, ms, text }) => [
    invariant,
    id,
    property,
    `${programs}`,
    `${Math.round(ms)} ms`,
    text.slice(0, SHOWN_CHARS),
  ]);
  const all = [['rule', 'mistake', 'seen by', 'programs', 'time', 'as'], ...rows];
  const widths = all[0].map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (isNumber(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
      .join('  ')
      .trimEnd();
  const isNumber = (column: number) => column === 3 || column === 4;
  const sum = (pick: (each: Catch) => number) => catches.reduce((total, each) => total + pick(each), 0);
  const totals = `${catches.length} mistakes found in ${sum(({ programs }) => programs)} programs, ${Math.round(sum(({ ms }) => ms))} ms`;
  return [...all.map(line), totals].join('\n');
}
