// The mailbox against a plain array (RCV-1, RCV-2).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Mailbox, NO_MATCH } from '../../src/process/index.ts';
import { Ref, sealTerm } from '../../src/term/index.ts';

const origin = { node: 'n', thread: 0, incarnation: 1 };

describe('Mailbox', () => {
  it('RCV-1 takes the oldest match and keeps the order of the rest, for any sequence', () => {
    const step = fc.oneof(
      fc.record({ op: fc.constant('push' as const), value: fc.nat(3) }),
      fc.record({ op: fc.constant('take' as const), value: fc.nat(3) }),
      fc.record({ op: fc.constant('any' as const), value: fc.constant(0) }),
      fc.record({ op: fc.constant('flush' as const), value: fc.nat(3) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const mailbox = new Mailbox();
        const model: { value: number; id: number }[] = [];
        steps.forEach(({ op, value }, id) => {
          if (op === 'push') {
            const message = { value, id };
            mailbox.push(message, null);
            model.push(message);
          } else if (op === 'flush') {
            const kept = model.filter((message) => message.value !== value);
            expect(mailbox.flush((message) => (message as { value: number }).value === value)).toBe(
              model.length - kept.length,
            );
            model.splice(0, model.length, ...kept);
          } else {
            mailbox.beginReceive(null);
            const found = model.findIndex((message) => op === 'any' || message.value === value);
            const expected = found < 0 ? NO_MATCH : model.splice(found, 1)[0];
            expect(
              mailbox.scan(op === 'any' ? null : (message) => (message as { value: number }).value === value),
            ).toBe(expected);
          }
          expect(mailbox.length).toBe(model.length);
          expect(mailbox.peek(100)).toEqual(model);
        });
      }),
    );
  });

  it('RCV-1 does not try again what the receive in progress has rejected', () => {
    const mailbox = new Mailbox();
    const tried: unknown[] = [];
    const match = (message: unknown) => {
      tried.push(message);
      return message === 'c';
    };
    mailbox.push('a', null);
    mailbox.beginReceive(null);
    expect(mailbox.scan(match)).toBe(NO_MATCH);
    mailbox.push('b', null);
    expect(mailbox.scan(match)).toBe(NO_MATCH);
    mailbox.push('c', null);
    expect(mailbox.scan(match)).toBe('c');
    expect(tried).toEqual(['a', 'b', 'c']);
  });

  it('RCV-2 a receive for the marked ref skips everything older than the ref', () => {
    const mailbox = new Mailbox();
    const ref = new Ref(origin, 1);
    for (let index = 0; index < 5; index++) mailbox.push(index, null);
    mailbox.mark(ref);
    mailbox.push('reply', null);
    const tried: unknown[] = [];
    mailbox.beginReceive(ref);
    mailbox.scan((message) => tried.push(message) > 0);
    expect(tried).toEqual(['reply']);
  });

  it('RCV-2 the mark survives the removal of the message it stands on', () => {
    const mailbox = new Mailbox();
    const ref = new Ref(origin, 1);
    mailbox.push('old', null);
    mailbox.push('last', null);
    mailbox.mark(ref);
    mailbox.beginReceive(null);
    expect(mailbox.scan((message) => message === 'last')).toBe('last');
    mailbox.push('reply', null);
    mailbox.beginReceive(ref);
    expect(mailbox.scan(null)).toBe('reply');
    expect(mailbox.peek(5)).toEqual(['old']);
  });

  it('reports bytes that were changed after sending', () => {
    const mailbox = new Mailbox();
    const bytes = new Uint8Array([1, 2, 3]);
    const message = { bytes };
    mailbox.push(message, sealTerm(message));
    bytes[0] = 9;
    expect(() => mailbox.shift()).toThrow('changed after it had been sent');
  });
});
