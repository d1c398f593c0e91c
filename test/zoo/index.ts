// The whole zoo, and the rows of the reliability digest that nothing is planted for yet, each with its reason.
import { brokerMistakes } from './broker.ts';
import { diskMistakes } from './disk.ts';
import { kernelMistakes } from './kernel.ts';
import { lawMistakes } from './laws.ts';
import type { Mistake } from './mistake.ts';

export const mistakes: readonly Mistake[] = [...kernelMistakes, ...brokerMistakes, ...lawMistakes, ...diskMistakes];

export const INVARIANTS: readonly string[] = [
  ...Array.from({ length: 21 }, (_, n) => `R${n + 1}`),
  ...Array.from({ length: 29 }, (_, n) => `B${n + 1}`),
];

/** Why a row has no mistake. */
export const WITHOUT: Readonly<Record<string, string>> = {
  R18: 'there are no links between nodes yet',
};
