import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bodyOf, type Message } from '../../src/broker/message.ts';
import { plainMessage, Slab, type Traits } from '../../src/broker/queue/slab.ts';

const message: fc.Arbitrary<Message> = fc
  .record({
    exchange: fc.constantFrom('', 'x'),
    routingKey: fc.constantFrom('a', 'b'),
    extraKeys: fc.constantFrom(null, ['c']),
    persistent: fc.boolean(),
    priority: fc.nat(2),
    ttlMs: fc.constantFrom(-1, 5),
    delayMs: fc.constantFrom(0, 7),
    format: fc.constant('amqp091'),
    propertiesEnd: fc.nat(20),
    framing: fc.nat(16),
    body: fc.oneof(fc.nat(300), fc.integer({ min: 16_300, max: 16_500 })),
    fill: fc.nat(255),
  })
  .map(({ framing, body, fill, propertiesEnd, ...rest }) => {
    const bytes = new Uint8Array(propertiesEnd + framing + body).fill(fill);
    bytes.subarray(0, propertiesEnd).fill(fill ^ 0xff);
    return { ...rest, bytes, propertiesEnd, bodyAt: propertiesEnd + framing };
  });

const shown = (each: Message) => {
  const { bytes, bodyAt: _, ...rest } = plainMessage(each);
  return { ...rest, properties: [...bytes.subarray(0, rest.propertiesEnd)], body: bodyOf(each).join() };
};

describe('a slab', () => {
  it('keeps every Message as it was, but for the framing, whatever becomes of the chunk it came in', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 40 }), (messages) => {
        const slab = new Slab();
        let traits: Traits | null = null;
        const before = messages.map(shown);
        const kept = messages.map((each) => {
          const one = slab.keep(each, traits);
          traits = one.traits;
          return one;
        });
        for (const { bytes } of messages) bytes.fill(0);
        expect(kept.map(shown)).toEqual(before);
        expect(kept.map((each) => shown(plainMessage(each)))).toEqual(before);
      }),
    );
  });

  it('holds once what Messages of a backlog have in common, and gives out plain data', () => {
    const [one] = fc.sample(message, { numRuns: 1, seed: 1 });
    const slab = new Slab();
    const first = slab.keep(one, null);
    const second = slab.keep({ ...one }, first.traits);
    expect(second.traits).toBe(first.traits);
    expect(slab.keep({ ...one, priority: 9 }, first.traits).traits).not.toBe(first.traits);
    expect(Object.getPrototypeOf(plainMessage(second))).toBe(Object.prototype);
    expect(plainMessage(one)).toBe(one);
  });
});
