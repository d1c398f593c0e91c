import { describe, expect, it } from 'vitest';
import type { Signal } from '../../src/process/index.ts';
import { Pid } from '../../src/term/index.ts';
import { type Carrier, Identities, Link, ringSize } from '../../src/wire/index.ts';

const A = { node: 'n', thread: 1, incarnation: 1 };
const B = { node: 'n', thread: 2, incarnation: 1 };
const LIMITS = { ringBytes: 65_536, outboxBytesMax: 1_000_000 };

describe('link', () => {
  it('takes no more than it has made room for when the writer publishes while it reads', () => {
    const forth = new SharedArrayBuffer(ringSize(LIMITS.ringBytes));
    const back = new SharedArrayBuffer(ringSize(LIMITS.ringBytes));
    const carrier = (outbound: SharedArrayBuffer, inbound: SharedArrayBuffer): Carrier => ({
      outbound,
      inbound,
      handOver: () => {},
      takeOver: () => undefined,
      share: () => {},
      takeShared: () => undefined,
      wake: () => {},
    });
    const writer = new Link(B, new Identities(A), LIMITS);
    writer.attach(carrier(forth, back));
    const identities = new Identities(B);
    const reader = new Link(identities.originOf(A.node, A.thread, A.incarnation), identities, LIMITS);
    reader.attach(carrier(back, forth));
    const to = new Pid<never>(B, 2);
    const send = (message: unknown) => {
      writer.send({ kind: 'message', from: null, to, message, seal: null });
      writer.flush();
    };
    // The other thread publishes little before the first look at the ring, and much before every later one.
    const ring = (reader as unknown as { reader: object }).reader;
    const { get } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(ring), 'available') as { get(): number };
    const sizes = [100, 0, 12_000, 0, 12_000, 12_000];
    const sent: unknown[] = [];
    let looks = 0;
    Object.defineProperty(ring, 'available', {
      get() {
        const size = sizes[looks++] ?? 0;
        if (size > 0) {
          const message = new Uint8Array(size).fill(looks);
          sent.push(message);
          send(message);
        }
        return get.call(ring);
      },
    });
    const got: unknown[] = [];
    const arrivals = {
      signal: (signal: Signal) => got.push((signal as { message: unknown }).message),
      notice: () => {},
    };
    while (reader.poll(arrivals));
    expect(looks).toBeGreaterThan(sizes.length);
    expect(got).toEqual(sent);
  });
});
