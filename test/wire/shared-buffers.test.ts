import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pid } from '../../src/term/index.ts';
import { type Carrier, Identities, Link, ringSize } from '../../src/wire/index.ts';

const A = { node: 'n', thread: 1, incarnation: 1 };
const B = { node: 'n', thread: 2, incarnation: 1 };
const LIMITS = { ringBytes: 65_536, outboxBytesMax: 1_000_000 };
const MIB = 1_048_576;

/** A link with both ends in this thread, and what it has handed over. */
function connect(isLate = false) {
  const memory = new ArrayBuffer(ringSize(LIMITS.ringBytes));
  const back = new ArrayBuffer(ringSize(LIMITS.ringBytes));
  const shared: SharedArrayBuffer[] = [];
  let handedOver = 0;
  const aside: Uint8Array<ArrayBuffer>[] = [];
  const carrier: Carrier = {
    outbound: memory,
    inbound: memory,
    handOver: (bytes) => aside.push(bytes),
    takeOver: () => aside.shift(),
    share: (buffer) => {
      handedOver++;
      shared.push(buffer);
    },
    takeShared: () => shared.shift(),
    wake: () => {},
  };
  const writer = new Link(B, new Identities(A), LIMITS);
  const identities = new Identities(B);
  const reader = new Link(identities.originOf(A.node, A.thread, A.incarnation), identities, LIMITS);
  reader.attach({ ...carrier, outbound: back });
  if (!isLate) writer.attach({ ...carrier, inbound: back });
  const to = new Pid<never>(B, 2);
  const seen: unknown[] = [];
  return {
    seen,
    attach: () => writer.attach({ ...carrier, inbound: back }),
    handedOver: () => handedOver,
    send: (message: unknown) => writer.send({ kind: 'message', from: null, to, message, seal: null }),
    pass: () => {
      do writer.flush();
      while (
        reader.poll({ signal: (signal) => seen.push((signal as { message: unknown }).message), notice: () => {} })
      );
    },
  };
}

describe('bytes in shared memory', () => {
  it('cross as a reference: both sides see what either writes, and offset and length are kept', () => {
    const link = connect();
    const memory = new SharedArrayBuffer(1000);
    const mine = new Uint8Array(memory, 100, 500);
    link.send({ first: mine, again: [mine.subarray(10, 90)] });
    link.pass();
    const [{ first, again }] = link.seen as [{ first: Uint8Array; again: Uint8Array[] }];
    expect([first.byteOffset, first.length, again[0].byteOffset, again[0].length]).toEqual([100, 500, 110, 80]);
    mine[10] = 7;
    expect(first[10]).toBe(7);
    again[0][1] = 9;
    expect(mine[11]).toBe(9);
    expect(link.handedOver()).toBe(1);
  });

  it('are copied up to 64 bytes, and always when the memory is not shared', () => {
    const link = connect();
    const small = new Uint8Array(new SharedArrayBuffer(64)).fill(1);
    const own = new Uint8Array(200).fill(1);
    link.send([small, own]);
    small[0] = own[0] = 2;
    link.pass();
    const [[first, second]] = link.seen as [[Uint8Array, Uint8Array]];
    expect([first[0], second[0]]).toEqual([1, 1]);
    expect(link.handedOver()).toBe(0);
  });

  it('wait for a thread that is still starting', () => {
    const link = connect(true);
    const mine = new Uint8Array(new SharedArrayBuffer(100));
    link.send(mine);
    link.pass();
    expect(link.seen).toEqual([]);
    link.attach();
    link.pass();
    mine[5] = 3;
    expect((link.seen[0] as Uint8Array)[5]).toBe(3);
  });

  it('are remembered within bounds, by both sides alike, whatever order they are met in and whatever is given up', () => {
    const step = fc.record({ buffer: fc.nat(79), isBroken: fc.boolean(), isPassed: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { minLength: 100, maxLength: 400 }), (steps) => {
        const link = connect();
        // Eighty buffers where 64 are remembered, and some of them so large that their bytes are the bound.
        const sizes = Array.from({ length: 80 }, (_, index) => (index % 20 === 0 ? 20 * MIB : 128));
        const buffers = sizes.map((size) => new SharedArrayBuffer(128, { maxByteLength: size }));
        const sent: number[] = [];
        for (const { buffer, isBroken, isPassed } of steps) {
          const bytes = new Uint8Array(buffers[buffer], 0, 100);
          if (isBroken) expect(() => link.send([bytes, () => {}])).toThrow('not a term');
          else {
            link.send(bytes);
            sent.push(buffer);
          }
          if (isPassed) link.pass();
        }
        link.pass();
        expect(link.seen.length).toBe(sent.length);
        for (const [index, buffer] of sent.entries())
          expect((link.seen[index] as Uint8Array).buffer).toBe(buffers[buffer]);
      }),
      { numRuns: 30 },
    );
  });
});
