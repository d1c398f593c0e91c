// The generator's publish blocks and the in-place reader agree: whatever way a stream of frames is cut into chunks, each
// message is seen once, with its own stamp.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameReader } from '../../../benchmarks/load/frame-reader.ts';
import { frame, method, publishBlock, stampBlock, writeAck } from '../../../benchmarks/load/frames.ts';

const shape = { stream: 7, exchange: '', routingKey: 'key', bodyBytes: 16, isPersistent: false };

function delivery(tag: number, sequence: number, bodyBytes: number, isRedelivered: boolean): Buffer {
  const fields = [
    { short: 'c' },
    { u32: 0 },
    { u32: tag },
    { u8: isRedelivered ? 1 : 0 },
    { short: '' },
    { short: 'k' },
  ];
  const header = Buffer.alloc(14);
  header.writeUInt16BE(60);
  header.writeUInt32BE(bodyBytes, 8);
  const body = Buffer.alloc(bodyBytes);
  body.writeUInt32BE(sequence, 4);
  const half = Math.max(8, bodyBytes >> 1);
  const bodies = [frame(3, 1, body.subarray(0, half)), frame(3, 1, body.subarray(half))];
  return Buffer.concat([method(1, 60, 60, fields), frame(2, 1, header), ...bodies]);
}

function readInChunks(bytes: Buffer, cuts: readonly number[]) {
  const reader = new FrameReader();
  const deliveries: { tag: number; sequence: number; isRedelivered: boolean }[] = [];
  const methods: string[] = [];
  const sink = {
    delivery: (chunk: Buffer, tag: number, at: number, isRedelivered: boolean) =>
      void deliveries.push({ tag, sequence: chunk.readUInt32BE(at + 4), isRedelivered }),
    method: (_: Buffer, classId: number, methodId: number) => void methods.push(`${classId}.${methodId}`),
  };
  let kept = Buffer.alloc(0);
  const ends = [...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length];
  let from = 0;
  for (const end of ends) {
    const chunk = Buffer.concat([kept, bytes.subarray(from, end)]);
    kept = chunk.subarray(reader.read(chunk, chunk.length, sink));
    from = end;
  }
  return { deliveries, methods, left: kept.length };
}

test('deliveries are read the same however the stream is cut', () => {
  const wanted = [1, 2, 3].map((tag) => ({ tag, sequence: tag * 70_000, isRedelivered: tag === 2 }));
  const frames = wanted.map(({ tag, sequence, isRedelivered }) => delivery(tag, sequence, 40, isRedelivered));
  const bytes = Buffer.concat([frames[0], method(1, 60, 31, [{ short: 'c' }]), frames[1], frames[2]]);
  fc.assert(
    fc.property(fc.array(fc.nat(10_000), { maxLength: 12 }), (cuts) => {
      const read = readInChunks(bytes, cuts);
      expect(read).toEqual({ deliveries: wanted, methods: ['60.31'], left: 0 });
    }),
  );
});

test('the content of a returned message is not a delivery', () => {
  const bytes = Buffer.concat([
    delivery(1, 1, 16, false),
    method(1, 60, 50),
    frame(2, 1, Buffer.alloc(14)),
    frame(3, 1, Buffer.alloc(16)),
  ]);
  expect(readInChunks(bytes, []).deliveries).toHaveLength(1);
});

test('a frame without its end octet is an error, not a message', () => {
  const bytes = delivery(1, 1, 16, false);
  bytes[bytes.length - 1] = 0;
  expect(() => readInChunks(bytes, [])).toThrow('broken frame');
});

test('stamping changes exactly the stamps of the messages asked for', () => {
  const block = publishBlock(shape, 1000);
  const before = Buffer.from(block.bytes);
  stampBlock(block, 0xfedcba98, 2, 1234);
  const stampOf = (index: number) => block.stampOffset + index * block.strideBytes;
  for (const index of [0, 1]) {
    expect(block.bytes.readUInt32BE(stampOf(index))).toBe(7);
    expect(block.bytes.readUInt32BE(stampOf(index) + 4)).toBe(0xfedcba98 + index);
    expect(block.bytes.readUInt32BE(stampOf(index) + 8)).toBe(1234);
    before.copy(block.bytes, stampOf(index) + 4, stampOf(index) + 4, stampOf(index) + 12);
  }
  expect(block.bytes).toEqual(before);
});

test('a body beyond the frame size is split into several frames of that size at most', () => {
  const { bytes, messages } = publishBlock({ ...shape, bodyBytes: 300_000 }, 1);
  expect(messages).toBe(1);
  let bodyBytes = 0;
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at + 3) + 8) {
    const size = bytes.readUInt32BE(at + 3);
    expect(size + 8).toBeLessThanOrEqual(131_072);
    if (bytes[at] === 3) bodyBytes += size;
  }
  expect(bodyBytes).toBe(300_000);
});

test('an ack written in place equals the encoded method', () => {
  const bytes = Buffer.alloc(30);
  expect(writeAck(bytes, 4, 0x89abcdef, true)).toBe(25);
  expect(bytes.subarray(4, 25)).toEqual(method(1, 60, 80, [{ u32: 0 }, { u32: 0x89abcdef }, { u8: 1 }]));
});
