import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Content,
  encodeMethod,
  encodeProperties,
  FrameReader,
  FrameWriter,
  type Method,
  makeContent,
} from '../../../../src/protocols/amqp091/codec/index.ts';
import { shortText } from './arbitraries.ts';
import { frame, header, transcript } from './transcript.ts';

const deliver = (deliveryTag: number, redelivered: boolean, routingKey = 'k') =>
  ({ name: 'basic.deliver', consumerTag: 'tag', deliveryTag, redelivered, exchange: 'e', routingKey }) as const;

/** Frame sizes and types in the order of the bytes. */
function frames(bytes: Uint8Array): [number, number][] {
  const found: [number, number][] = [];
  const view = Buffer.from(bytes);
  for (let at = 0; at < view.length; at += view.readUInt32BE(at + 3) + 8)
    found.push([view[at], view.readUInt32BE(at + 3)]);
  return found;
}

/** A content with framing octets between properties and body, as a reader hands it over. */
function viewed(body: Uint8Array): Content {
  const bytes = Buffer.concat([Buffer.alloc(2), Buffer.alloc(8, 0xaa), body]);
  return { bytes, propertiesEnd: 2, bodyAt: 10 };
}

describe('the frame writer', () => {
  test('a delivery is method, header and body frame, whatever form the content has', () => {
    const body = Buffer.from('hello');
    for (const content of [makeContent(new Uint8Array(2), body), viewed(body)]) {
      for (const separateBodyBytes of [0, 16_384]) {
        const writer = new FrameWriter({ separateBodyBytes });
        writer.writeDeliver(258, 'tag', 2 ** 53 - 1, true, 'e', 'k', content);
        const expected = [
          frame(1, 258, encodeMethod(deliver(2 ** 53 - 1, true))),
          frame(2, 258, header(5)),
          frame(3, 258, body),
        ];
        expect(Buffer.from(writer.take() as Uint8Array)).toEqual(Buffer.concat(expected));
      }
    }
  });

  test('consecutive deliveries differ only where they should', () => {
    const writer = new FrameWriter();
    const content = makeContent(new Uint8Array(2), Buffer.alloc(0));
    writer.writeDeliver(1, 'tag', 1, true, 'e', 'k', content);
    writer.writeDeliver(1, 'tag', 2, false, 'e', 'k', content);
    writer.writeDeliver(2, 'tag', 1, false, 'e', 'k', content);
    writer.writeDeliver(2, 'tag', 2, false, 'e', 'longer key', content);
    writer.writeDeliver(2, 'other', 3, false, 'e', 'longer key', content);
    writer.writeDeliver(2, 'other', 4, false, 'f', 'longer key', content);
    const one = (channel: number, method: Method) => [
      frame(1, channel, encodeMethod(method)),
      frame(2, channel, header(0)),
    ];
    const expected = [
      ...one(1, deliver(1, true)),
      ...one(1, deliver(2, false)),
      ...one(2, deliver(1, false)),
      ...one(2, deliver(2, false, 'longer key')),
      ...one(2, { ...deliver(3, false, 'longer key'), consumerTag: 'other' }),
      ...one(2, { ...deliver(4, false, 'longer key'), consumerTag: 'other', exchange: 'f' }),
    ];
    expect(Buffer.concat(writer.takeAll())).toEqual(Buffer.concat(expected));
  });

  test('content_split_at_frame_max: pieces of frame_max - 8', () => {
    for (const separateBodyBytes of [100, 16_384]) {
      const writer = new FrameWriter({ frameMax: 4096, separateBodyBytes });
      writer.writeDeliver(1, 't', 1, false, '', 'k', viewed(Buffer.alloc(10_000)));
      const sizes = frames(writer.take() as Uint8Array).filter(([type]) => type === 3);
      expect(sizes.map(([, size]) => size)).toEqual([4088, 4088, 1824]);
    }
  });

  test('what is written is read back, over many takes and sizes', () => {
    const delivery = fc.record({
      routingKey: shortText,
      body: fc.oneof(fc.uint8Array({ maxLength: 50 }), fc.uint8Array({ minLength: 300, maxLength: 3000 })),
      isViewed: fc.boolean(),
      takes: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(delivery, { maxLength: 30 }), (deliveries) => {
        const writer = new FrameWriter({ frameMax: 600, separateBodyBytes: 500 });
        const pieces: Uint8Array[] = [];
        deliveries.forEach(({ routingKey, body, isViewed, takes }, i) => {
          const content = isViewed ? viewed(body) : makeContent(new Uint8Array(2), body);
          writer.writeDeliver(1, 'tag', i, false, 'e', routingKey, content);
          if (i % 3 === 0) writer.writeAck(2, i, true);
          if (takes) pieces.push(...writer.takeAll());
        });
        const pending = writer.pendingBytes;
        const last = writer.takeAll();
        expect(Buffer.concat(last).length).toBe(pending);
        expect(writer.pendingBytes).toBe(0);
        const sink = transcript();
        new FrameReader({ expectsProtocolHeader: false }).push(Buffer.concat([...pieces, ...last]), sink);
        const expected = deliveries.flatMap(({ routingKey, body }, i) => {
          const delivered = {
            channel: 1,
            method: deliver(i, false, routingKey),
            properties: '0000',
            body: Buffer.from(body).toString('hex'),
          };
          const ack = {
            channel: 2,
            method: { name: 'basic.ack', deliveryTag: i, multiple: true },
            properties: null,
            body: null,
          };
          return i % 3 === 0 ? [delivered, ack] : [delivered];
        });
        expect(sink.entries).toEqual(expected);
      }),
    );
  });

  test('memory that was taken is never written to again', () => {
    const writer = new FrameWriter();
    const taken: [Uint8Array, string][] = [];
    const table = new Map([['k', { type: 'longstr', value: 'x'.repeat(700) } as const]]);
    for (let i = 0; i < 300; i++) {
      writer.writeMethod(1, {
        name: 'queue.bind',
        queue: `q${i}`,
        exchange: 'e',
        routingKey: '',
        nowait: false,
        arguments: i % 7 === 0 ? table : new Map(),
      });
      writer.writeDeliver(1, 't', i, false, '', 'k', makeContent(new Uint8Array(2), Buffer.alloc(i * 3)));
      if (i % 5 === 0) for (const piece of writer.takeAll()) taken.push([piece, Buffer.from(piece).toString('hex')]);
      if (i === 100) writer.trim();
    }
    for (const [piece, before] of taken) expect(Buffer.from(piece).toString('hex')).toBe(before);
  });

  test('long bodies are handed over as views, short ones are copied', () => {
    const writer = new FrameWriter({ separateBodyBytes: 1000 });
    const long = makeContent(encodeProperties({ deliveryMode: 2 }), Buffer.alloc(1001));
    const short = makeContent(new Uint8Array(2), Buffer.alloc(1000));
    writer.writeDeliver(1, 't', 1, false, '', 'k', short);
    writer.writeDeliver(1, 't', 2, false, '', 'k', long);
    const buffers = writer.takeAll().map((piece) => piece.buffer);
    expect(buffers.filter((buffer) => buffer === long.bytes.buffer).length).toBe(1);
    expect(buffers).not.toContain(short.bytes.buffer);
  });

  test('a value that AMQP cannot carry leaves the output as it was', () => {
    const writer = new FrameWriter();
    const content = makeContent(new Uint8Array(2), Buffer.from('x'));
    const tooLong = 'x'.repeat(256);
    writer.writeHeartbeat();
    expect(() => writer.writeDeliver(1, 't', 1, false, '', tooLong, content)).toThrow('longer than 255');
    expect(() => writer.writeMethod(1, { name: 'basic.consume-ok', consumerTag: tooLong })).toThrow('longer than 255');
    writer.writeDeliver(1, 'tag', 1, false, 'e', 'k', content);
    const expected = [
      frame(8, 0, ''),
      frame(1, 1, encodeMethod(deliver(1, false))),
      frame(2, 1, header(1)),
      frame(3, 1, 'x'),
    ];
    expect(Buffer.from(writer.take() as Uint8Array)).toEqual(Buffer.concat(expected));
    expect(writer.take()).toBe(null);
  });

  test('acks, nacks and the protocol header', () => {
    const writer = new FrameWriter();
    writer.writeProtocolHeader();
    writer.writeAck(3, 2 ** 33 + 1, true);
    writer.writeNack(3, 2, false, true);
    const expected = [
      Buffer.from('AMQP\0\0\x09\x01', 'latin1'),
      frame(1, 3, encodeMethod({ name: 'basic.ack', deliveryTag: 2 ** 33 + 1, multiple: true })),
      frame(1, 3, encodeMethod({ name: 'basic.nack', deliveryTag: 2, multiple: false, requeue: true })),
    ];
    expect(Buffer.from(writer.take() as Uint8Array)).toEqual(Buffer.concat(expected));
  });
});
