import { describe, expect, it } from 'vitest';
import type { Signal } from '../../src/process/index.ts';
import { Pid, Ref } from '../../src/term/index.ts';
import { type Carrier, Identities, Link, ringSize } from '../../src/wire/index.ts';

const A = { node: 'n', thread: 1, incarnation: 1 };
const B = { node: 'n', thread: 2, incarnation: 1 };
const LIMITS = { ringBytes: 65_536, outboxBytesMax: 1_000_000 };

/** A link from A to B, what B has of it, and how often B was woken. */
function joined() {
  const forth = new SharedArrayBuffer(ringSize(LIMITS.ringBytes));
  const back = new SharedArrayBuffer(ringSize(LIMITS.ringBytes));
  const woken = { count: 0 };
  const carrier = (outbound: SharedArrayBuffer, inbound: SharedArrayBuffer, wake: () => void): Carrier => ({
    outbound,
    inbound,
    handOver: () => {},
    takeOver: () => undefined,
    share: () => {},
    takeShared: () => undefined,
    wake,
  });
  const writer = new Link(B, new Identities(A), LIMITS);
  writer.attach(carrier(forth, back, () => woken.count++));
  const identities = new Identities(B);
  const reader = new Link(identities.originOf(A.node, A.thread, A.incarnation), identities, LIMITS);
  reader.attach(carrier(back, forth, () => {}));
  return { writer, reader, woken };
}

const to = new Pid<never>(B, 2);
const message = (content: unknown): Signal => ({ kind: 'message', from: null, to, message: content, seal: null });
const demonitor: Signal = { kind: 'demonitor', from: new Pid<never>(A, 4), to, ref: new Ref(A, 6) };

describe('link', () => {
  it('wakes nobody for a demonitor, which is read in order with what comes next', () => {
    const { writer, reader, woken } = joined();
    writer.send(demonitor);
    writer.flush();
    expect(woken.count).toBe(0);
    writer.send(message('next'));
    writer.flush();
    expect(woken.count).toBe(1);
    const got: string[] = [];
    reader.poll({ signal: ({ kind }) => got.push(kind), notice: () => {} });
    expect(got).toEqual(['demonitor', 'message']);
  });

  it('wakes the other side for what did not fit at first, whatever it is', () => {
    const { writer, reader, woken } = joined();
    const got: string[] = [];
    const arrivals = { signal: ({ kind }: Signal) => got.push(kind), notice: () => {} };
    for (let index = 0; index < 10_000; index++) writer.send(demonitor);
    for (let round = 0; writer.hasBacklog; round++) {
      writer.flush();
      expect(woken.count).toBe(round + 1);
      reader.drain(arrivals);
    }
    expect(woken.count).toBeGreaterThan(1);
    expect(got).toHaveLength(10_000);
  });

  it('takes no more than it has made room for when the writer publishes while it reads', () => {
    const { writer, reader } = joined();
    const send = (content: unknown) => {
      writer.send(message(content));
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
          const bytes = new Uint8Array(size).fill(looks);
          sent.push(bytes);
          send(bytes);
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
