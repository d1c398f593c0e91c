// The zoo has what it promises: enough mistakes, and one at least for every row of the reliability digest that applies.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { INVARIANTS, mistakes, WITHOUT } from './index.ts';

describe('the bug zoo', () => {
  it('has at least 40 mistakes, each with a name of its own', () => {
    expect(new Set(mistakes.map(({ id }) => id)).size).toBe(mistakes.length);
    expect(mistakes.length).toBeGreaterThanOrEqual(40);
  });

  it.each(INVARIANTS)('%s has a mistake or a reason for having none', (invariant) => {
    const hasMistake = mistakes.some((mistake) => mistake.invariant === invariant);
    expect(hasMistake, WITHOUT[invariant] ?? 'no reason').toBe(WITHOUT[invariant] === undefined);
  });

  it.each(Object.keys(WITHOUT))('%s is named by no test: its reason is still one', (invariant) => {
    const root = new URL('..', import.meta.url);
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.ts'));
    const naming = files.filter((file) =>
      new RegExp(`(it|test|describe)[^\n]*\\b${invariant}\\b`).test(readFileSync(new URL(file, root), 'utf8')),
    );
    expect(naming).toEqual([]);
  });
});
