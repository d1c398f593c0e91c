import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RingReader, RingWriter, ringSize } from '../../src/wire/index.ts';

describe('ring', () => {
  it('carries a stream of bytes in order, in whatever pieces they are written and read', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('write', 'publish', 'read'), fc.nat(200)), { maxLength: 200 });
    fc.assert(
      fc.property(steps, fc.constantFrom(64, 128), (list, bytes) => {
        const memory = new ArrayBuffer(ringSize(bytes));
        const writer = new RingWriter(memory);
        const reader = new RingReader(memory);
        const target = new Uint8Array(256);
        let written = 0;
        let published = 0;
        let taken = 0;
        for (const [step, size] of list) {
          if (step === 'write') {
            const source = Uint8Array.from({ length: size }, (_, index) => written + index);
            const count = writer.write(source, 0, size);
            expect(count).toBe(Math.min(size, bytes - (written - taken)));
            written += count;
          } else if (step === 'publish') {
            writer.publish();
            published = written;
          } else {
            const count = reader.read(target, 0, size);
            expect(count).toBe(Math.min(size, published - taken));
            for (let index = 0; index < count; index++) expect(target[index]).toBe((taken + index) & 255);
            taken += count;
          }
        }
      }),
    );
  });

  it('wraps its counters at 2^32', () => {
    const memory = new ArrayBuffer(ringSize(64));
    const words = new Int32Array(memory, 0, 64);
    const start = 0xffffffe0 | 0;
    words[0] = start;
    words[16] = start;
    const writer = new RingWriter(memory);
    const reader = new RingReader(memory);
    Object.assign(writer, { tail: start, head: start });
    Object.assign(reader, { head: start });
    const target = new Uint8Array(64);
    for (let round = 0; round < 10; round++) {
      expect(writer.write(new Uint8Array(50).fill(round), 0, 50)).toBe(50);
      writer.publish();
      expect(reader.available).toBe(50);
      expect(reader.read(target, 0, 64)).toBe(50);
      expect(target[49]).toBe(round);
    }
  });

  it('shows nothing before it is published', () => {
    const memory = new ArrayBuffer(ringSize(64));
    const writer = new RingWriter(memory);
    writer.write(new Uint8Array(8), 0, 8);
    expect(new RingReader(memory).available).toBe(0);
  });

  it.each([0, 63, 100, 65])('refuses %i bytes: not a power of two of at least 64', (bytes) => {
    expect(() => ringSize(bytes)).toThrow(RangeError);
  });
});
