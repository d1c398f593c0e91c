// The delivery tags of one channel against a map (B7).
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Unacked } from '../../src/broker/unacked.ts';

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constantFrom('add' as const, 'skip' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ op: fc.constantFrom('take' as const, 'upTo' as const, 'back' as const), tag: fc.nat(80) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

export const unackedRuns: fc.Arbitrary<readonly Step[]> = fc.array(step, { maxLength: 200 });

/** Takes it through the steps beside its model; throws where they differ. */
export function checkUnacked(steps: readonly Step[], unacked: Unacked<string>): void {
  const model = new Map<number, string>();
  const taken: [number, string][] = [];
  let last = 0;
  for (const each of steps) {
    if (each.op === 'add') {
      expect(unacked.add(`held ${last + 1}`)).toBe(++last);
      model.set(last, `held ${last}`);
    } else if (each.op === 'skip') expect(unacked.skip()).toBe(++last);
    else if (each.op === 'take') {
      expect(unacked.has(each.tag)).toBe(model.has(each.tag));
      const held = unacked.take(each.tag);
      expect(held).toBe(model.get(each.tag) ?? null);
      if (held !== null) taken.push([each.tag, held]);
      model.delete(each.tag);
    } else if (each.op === 'upTo') {
      const expected = [...model].filter(([tag]) => tag <= each.tag).sort(([a], [b]) => a - b);
      expect(unacked.takeUpTo(each.tag)).toEqual(expected.map(([, held]) => held));
      for (const [tag] of expected) model.delete(tag);
    } else if (each.op === 'back' && taken.length > 0) {
      const [tag, held] = taken.splice(each.tag % taken.length, 1)[0];
      unacked.putBack(tag, held);
      model.set(tag, held);
    }
    expect(unacked.size).toBe(model.size);
    expect([...unacked.held()].sort()).toEqual([...model.values()].sort());
  }
}
