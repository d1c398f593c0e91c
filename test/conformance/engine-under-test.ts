// What a runner file says about its engine, and the one place that makes tests of cases.
import { afterAll, beforeAll, describe, test } from 'vitest';
import type { Case, EngineName } from './case.ts';
import { CASES } from './cases/index.ts';
import type { CaseReport } from './run-case.ts';

/** One way of running a case on an engine, such as spread over threads. */
export interface Variant {
  readonly name: string;
  /** Runs the case; rejects with what it threw. */
  run(each: Case): Promise<CaseReport>;
}

/** One engine of the three. */
export interface EngineUnderTest {
  readonly name: EngineName;
  readonly variants: readonly Variant[];
  open(): Promise<void>;
  /** Rejects when something is left behind. */
  close(): Promise<void>;
}

/** Makes one test for each case and variant. A case for other engines has no test here: its title says why. */
export function conformance(engine: EngineUnderTest): void {
  beforeAll(() => engine.open());
  afterAll(() => engine.close());
  for (const variant of engine.variants) {
    describe(`${engine.name}, ${variant.name}`, () => {
      for (const each of CASES) {
        if (each.engines?.includes(engine.name) === false) continue;
        test(titleOf(each), async () => {
          await variant.run(each);
        });
      }
    });
  }
}

/** The title with the numbers of the edge cases that it shows. */
export function titleOf({ title, edges = [] }: Case): string {
  return edges.length === 0 ? title : `${title} (edge case ${edges.join(', ')})`;
}
