// Confirms: every publish is answered exactly once, with the right answer (B9).
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Confirms } from '../../src/broker/confirm.ts';

const step = fc.oneof(
  fc.record({ op: fc.constant('publish' as const), queues: fc.nat(3) }),
  fc.record({ op: fc.constant('settle' as const), pick: fc.nat(50), isTaken: fc.boolean() }),
  fc.record({ op: fc.constant('take' as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

export const confirmsRuns: fc.Arbitrary<readonly Step[]> = fc.array(step, { maxLength: 150 });

/** Takes it through the steps beside its model; throws where they differ. */
export function checkConfirms(steps: readonly Step[], confirms: Confirms): void {
  const open: { seq: number; left: number; isAck: boolean }[] = [];
  const due = new Map<number, boolean>();
  const answered = new Map<number, boolean>();
  let published = 0;
  const take = () => {
    for (const { deliveryTag, multiple, isAck } of confirms.take()) {
      for (let seq = multiple ? 1 : deliveryTag; seq <= deliveryTag; seq++) {
        if (answered.has(seq)) {
          expect(multiple, `${seq} answered twice`).toBe(true);
          continue;
        }
        answered.set(seq, isAck);
      }
    }
    expect([...answered].sort()).toEqual([...due].sort());
  };
  for (const each of steps) {
    if (each.op === 'publish') {
      const seq = confirms.expect(each.queues);
      expect(seq).toBe(++published);
      if (each.queues === 0) due.set(seq, true);
      else open.push({ seq, left: each.queues, isAck: true });
    } else if (each.op === 'settle' && open.length > 0) {
      const publish = open[each.pick % open.length];
      confirms.settle(publish.seq, each.isTaken);
      publish.isAck &&= each.isTaken;
      if (--publish.left > 0) continue;
      open.splice(open.indexOf(publish), 1);
      due.set(publish.seq, publish.isAck);
    } else if (each.op === 'take') take();
  }
  take();
}
