// Confirms: every publish is answered exactly once, with the right answer (B9).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Confirms } from '../../src/broker/confirm.ts';

const step = fc.oneof(
  fc.record({ op: fc.constant('publish' as const), queues: fc.nat(3) }),
  fc.record({ op: fc.constant('settle' as const), pick: fc.nat(50), isTaken: fc.boolean() }),
  fc.record({ op: fc.constant('take' as const) }),
);

describe('Confirms', () => {
  it('B9 answers each publish once: acked when all its queues took it, nacked when one refused', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const confirms = new Confirms();
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
      }),
      { numRuns: 1000 },
    );
  });

  it('answers a run at the low end with one multiple ack', () => {
    const confirms = new Confirms();
    for (let index = 0; index < 200; index++) confirms.expect(1);
    for (let seq = 1; seq <= 200; seq++) confirms.settle(seq, true);
    expect(confirms.take()).toEqual([{ deliveryTag: 200, multiple: true, isAck: true }]);
    expect(confirms.outstanding).toBe(0);
  });
});
