import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CodecError,
  encodeMethod,
  encodeProperties,
  FrameReader,
  FrameWriter,
  type Method,
  makeContent,
} from '../../../../src/protocols/amqp091/codec/index.ts';
import { METHODS, type MethodName } from '../../../../src/protocols/amqp091/codec/method-table.ts';
import { methodNamed, properties } from './arbitraries.ts';
import { frame, transcript } from './transcript.ts';

const GREETING = Buffer.from('AMQP\0\0\x09\x01', 'latin1');
const names = Object.keys(METHODS) as MethodName[];
const FRAME_MAX = 300;

const content = fc
  .tuple(properties, fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 1200 })))
  .map(([given, body]) => {
    const encoded = encodeProperties(given);
    // The header frame has to fit the frame limit.
    return makeContent(encoded.length < 250 ? encoded : new Uint8Array(2), body);
  });
const step = fc
  .record({ channel: fc.integer({ min: 1, max: 3 }), name: fc.constantFrom(...names) })
  .chain(({ channel, name }) => fc.record({ channel: fc.constant(channel), method: methodNamed(name), content }));
const publishStep = fc.record({
  channel: fc.integer({ min: 1, max: 3 }),
  method: methodNamed('basic.publish'),
  content,
});

/** A whole valid session: greeting, methods, contents split at a small frame_max, heartbeats. */
const session = fc.array(fc.oneof(step, publishStep), { minLength: 1, maxLength: 12 }).map((steps) => {
  const writer = new FrameWriter({ frameMax: FRAME_MAX });
  for (const { channel, method, content: given } of steps) {
    if (encodeMethod(method).length > FRAME_MAX) continue;
    if (METHODS[method.name][1] % 10 === 0) writer.writeHeartbeat();
    if (method.name === 'basic.publish' || method.name === 'basic.return' || method.name === 'basic.get-ok') {
      writer.writeContentMethod(channel, method, given);
    } else if (method.name === 'basic.deliver') {
      const { consumerTag, deliveryTag, redelivered, exchange, routingKey } = method;
      writer.writeDeliver(channel, consumerTag, deliveryTag, redelivered, exchange, routingKey, given);
    } else writer.writeMethod(channel, method as Method);
  }
  return Buffer.concat([GREETING, ...writer.takeAll()]);
});

/** Reads bytes cut at the given places (taken modulo the length); every chunk is memory of its own. */
function read(bytes: Buffer, cuts: readonly number[]) {
  const reader = new FrameReader({ frameMax: FRAME_MAX, bodyBytesMax: 1000 });
  const sink = transcript();
  const places = [...new Set([...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  let from = 0;
  for (const to of places) {
    reader.push(new Uint8Array(bytes.subarray(from, to)), sink);
    from = to;
  }
  // Contents must still be what they were when they were handed over: none may lie in memory that is used again.
  const hex = sink.contents.map((given) => given && Buffer.from(given.bytes.slice(given.bodyAt)).toString('hex'));
  expect(hex).toEqual(sink.entries.flatMap((entry) => ('method' in entry ? [entry.body] : [])));
  const kept = sink.contents.map(
    (given) => given && Buffer.from(given.bytes.slice(0, given.propertiesEnd)).toString('hex'),
  );
  expect(kept).toEqual(sink.entries.flatMap((entry) => ('method' in entry ? [entry.properties] : [])));
  return { entries: sink.entries, reader };
}

const everyCut = (bytes: Buffer) => Array.from({ length: bytes.length }, (_, i) => i);
const cuts = fc.array(fc.nat(), { maxLength: 20 });

/** Bytes of a session with things done to them that a hostile or broken peer might do. */
const mutated = fc
  .tuple(
    session,
    fc.array(fc.record({ at: fc.nat(), octet: fc.integer({ min: 0, max: 255 }), kind: fc.nat({ max: 3 }) }), {
      maxLength: 6,
    }),
  )
  .map(([bytes, changes]) => {
    let result = bytes;
    for (const { at, octet, kind } of changes) {
      const place = 8 + (at % Math.max(1, result.length - 8));
      const [before, after] = [result.subarray(0, place), result.subarray(place)];
      if (kind === 0) result = Buffer.concat([before, Buffer.of(octet), after.subarray(1)]);
      else if (kind === 1) result = Buffer.concat([before, Buffer.of(octet), after]);
      else if (kind === 2) result = Buffer.concat([before, after.subarray(1 + (octet % 16))]);
      else result = Buffer.concat([before, frame(1 + (octet % 8), octet % 4, after.subarray(0, octet)), after]);
    }
    return result;
  });

describe('segmentation', () => {
  test('bodies of 0 to 40 bytes, octet by octet', () => {
    for (let bodyBytes = 0; bodyBytes <= 40; bodyBytes++) {
      const writer = new FrameWriter();
      const method = {
        name: 'basic.publish',
        exchange: '',
        routingKey: 'q',
        mandatory: false,
        immediate: false,
      } as const;
      writer.writeContentMethod(1, method, makeContent(new Uint8Array(2), new Uint8Array(bodyBytes).fill(7)));
      writer.writeContentMethod(1, method, makeContent(new Uint8Array(2), Buffer.from('next')));
      const bytes = Buffer.concat([GREETING, ...writer.takeAll()]);
      const expected = ['07'.repeat(bodyBytes), Buffer.from('next').toString('hex')];
      const bodies = read(bytes, everyCut(bytes)).entries.flatMap((entry) => ('method' in entry ? [entry.body] : []));
      expect(bodies).toEqual(expected);
    }
  });

  test('a session gives the same commands for every cut, octet by octet too', () => {
    fc.assert(
      fc.property(session, cuts, (bytes, given) => {
        const whole = read(bytes, []).entries;
        expect(read(bytes, given).entries).toEqual(whole);
        expect(read(bytes, everyCut(bytes)).entries).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });

  test('broken sessions give the same commands and errors for every cut', () => {
    fc.assert(
      fc.property(mutated, cuts, (bytes, given) => {
        const whole = read(bytes, []).entries;
        expect(read(bytes, given).entries).toEqual(whole);
        expect(read(bytes, everyCut(bytes)).entries).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });
});

describe('fuzz', () => {
  test('random octets are never anything but commands and errors of the codec, in bounded memory', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          mutated,
          fc.uint8Array({ maxLength: 2000 }).map((raw) => Buffer.concat([GREETING, raw])),
        ),
        (bytes) => {
          const reader = new FrameReader({ frameMax: FRAME_MAX });
          reader.push(bytes, {
            onProtocolHeader: () => {},
            onCommand: () => {},
            onError: (_, error) => expect(error).toBeInstanceOf(CodecError),
          });
          expect(reader.heldBytes).toBeLessThanOrEqual(4 * bytes.length + 1024 * 70);
        },
      ),
      { numRuns: 500 },
    );
  });
});
