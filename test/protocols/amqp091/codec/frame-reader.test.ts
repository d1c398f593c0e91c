import { describe, expect, test } from 'vitest';
import {
  encodeMethod,
  encodeProperties,
  FrameReader,
  FrameWriter,
  type Method,
  makeContent,
} from '../../../../src/protocols/amqp091/codec/index.ts';
import { type Entry, frame, header, transcript } from './transcript.ts';

const publish: Method = { name: 'basic.publish', exchange: '', routingKey: 'q', mandatory: false, immediate: false };
const qos: Method = { name: 'basic.qos', prefetchSize: 0, prefetchCount: 0, global: false };
const method = (channel: number, of: Method) => frame(1, channel, encodeMethod(of));

function read(bytes: Uint8Array[], options: { frameMax?: number; bodyBytesMax?: number } = {}): Entry[] {
  const sink = transcript();
  new FrameReader({ ...options, expectsProtocolHeader: false }).push(Buffer.concat(bytes), sink);
  return sink.entries;
}

function errors(bytes: Uint8Array[], options = {}): string[] {
  return read(bytes, options).map((entry) => ('error' in entry ? entry.error : 'no error'));
}

const command = (channel: number, of: Method, body: string | null, properties = '0000') => ({
  channel,
  method: of,
  properties: body === null ? null : properties,
  body: body === null ? null : Buffer.from(body).toString('hex'),
});

describe('the protocol header', () => {
  const greet = (octets: number[] | string) => {
    const sink = transcript();
    const bytes = typeof octets === 'string' ? Buffer.from(octets) : Buffer.of(0x41, 0x4d, 0x51, 0x50, ...octets);
    new FrameReader().push(Buffer.concat([bytes, method(1, qos)]), sink);
    return sink.entries;
  };

  test('digest 1.1: 0-9-1, 0-9 and both forms of 0-8 are taken and frames follow', () => {
    for (const version of [
      [0, 0, 9, 1],
      [1, 1, 0, 9],
      [1, 1, 8, 0],
      [1, 1, 9, 1],
    ]) {
      expect(greet(version)).toEqual([{ accepted: true }, command(1, qos, null)]);
    }
  });

  test('digest 1.1: anything else is refused and nothing more is read', () => {
    for (const bad of ['HTTP/1.1', [0, 1, 0, 0], [1, 1, 0, 10], [0, 0, 9, 0]]) {
      expect(greet(bad)).toEqual([{ accepted: false }]);
    }
  });
});

describe('frames that are wrong in themselves (digest 2)', () => {
  test('frame_bad_end', () => {
    expect(errors([frame(1, 1, encodeMethod(qos), 0), method(1, qos)])).toEqual([
      '501 [0,0] FRAME_ERROR - type 1, all octets = <<0,60,0,10,0,0,0,0,0,0,0>>: {invalid_frame_end_marker,0}',
    ]);
  });

  test('more than 16 octets are shown as the first 16', () => {
    expect(errors([frame(3, 1, 'abcdefghijklmnopqrs', 1)])).toEqual([
      '501 [0,0] FRAME_ERROR - type 3, first 16 octets = <<"abcdefghijklmnop">>: {invalid_frame_end_marker,1}',
    ]);
  });

  test('frame_unknown_type, frame_unknown_type_channel_0, frame_empty_method, frame_heartbeat_with_payload', () => {
    expect(
      errors([frame(7, 1, 'abcd'), frame(7, 0, ''), frame(1, 1, ''), frame(8, 0, 'x'), frame(2, 1, 'ab')]),
    ).toEqual([
      '501 [0,0] FRAME_ERROR - type 7, all octets = <<"abcd">>: unknown_frame',
      '501 [0,0] FRAME_ERROR - type 7, all octets = <<>>: unknown_frame',
      '501 [0,0] FRAME_ERROR - type 1, all octets = <<>>: unknown_frame',
      '501 [0,0] FRAME_ERROR - type 8, all octets = <<"x">>: unknown_frame',
      '501 [0,0] FRAME_ERROR - type 2, all octets = <<"ab">>: unknown_frame',
    ]);
  });

  test('frame_heartbeat_on_channel_1, and contents on channel 0', () => {
    expect(errors([frame(8, 1, ''), frame(3, 0, 'ab')])).toEqual([
      '505 [0,0] UNEXPECTED_FRAME - type 8, all octets = <<>>',
      '505 [0,0] UNEXPECTED_FRAME - type 3, all octets = <<"ab">>',
    ]);
  });

  test('frame_too_large is told before the payload has come, and ends the reading', () => {
    const body = frame(3, 1, Buffer.alloc(4097));
    const opening = [method(1, publish), frame(2, 1, header(5000))];
    const expected = ['501 [0,0] FRAME_ERROR - type 3, all octets = <<>>: {frame_too_large,4097,4088}'];
    expect(errors([...opening, body, method(1, qos)], { frameMax: 4096 })).toEqual(expected);
    expect(errors([...opening, body.subarray(0, 7)], { frameMax: 4096 })).toEqual(expected);
    expect(errors([method(1, publish), frame(2, 1, header(4097)), body], { frameMax: 4096 })).toEqual(expected);
  });

  test('frame_of_frame_max_payload_is_tolerated, and 0 means no limit', () => {
    const bytes = [method(1, publish), frame(2, 1, header(4096)), frame(3, 1, Buffer.alloc(4096))];
    expect(read(bytes, { frameMax: 4096 })).toMatchObject([{ channel: 1, method: publish }]);
    expect(read([frame(3, 0, Buffer.alloc(300_000))], { frameMax: 0 })).toMatchObject([{ channel: 0 }]);
  });

  test('the limit may be changed while reading, as tune-ok does', () => {
    const reader = new FrameReader({ expectsProtocolHeader: false });
    const sink = transcript();
    const tuned: Method = { name: 'connection.tune-ok', channelMax: 0, frameMax: 4096, heartbeat: 0 };
    reader.push(Buffer.concat([method(0, tuned), frame(7, 0, Buffer.alloc(5000))]), {
      ...sink,
      onCommand(channel, given, content) {
        if (given.name === 'connection.tune-ok') reader.frameMax = given.frameMax;
        sink.onCommand(channel, given, content);
      },
    });
    expect(sink.entries).toEqual([
      command(0, tuned, null),
      { channel: 0, error: '501 [0,0] FRAME_ERROR - type 7, all octets = <<>>: {frame_too_large,5000,4088}' },
    ]);
  });

  test('frame_short_method is an error of its channel and reading goes on', () => {
    expect(read([frame(1, 3, Buffer.of(0, 60, 0, 10, 0)), method(1, qos)])).toEqual([
      { channel: 3, error: '501 [60,10] FRAME_ERROR - cannot decode <<0>>' },
      command(1, qos, null),
    ]);
  });

  test('a stopped reader reports nothing more, even inside a chunk', () => {
    const reader = new FrameReader({ expectsProtocolHeader: false });
    const sink = transcript();
    const bytes = Buffer.concat([method(1, qos), method(2, qos)]);
    reader.push(bytes, {
      ...sink,
      onCommand(channel, given, content) {
        sink.onCommand(channel, given, content);
        reader.stop();
      },
    });
    reader.push(bytes, sink);
    expect(sink.entries).toEqual([command(1, qos, null)]);
  });
});

describe('contents (digest 2)', () => {
  const unexpected = (text: string, ids = '60,40') => `505 [${ids}] UNEXPECTED_FRAME - ${text}`;

  test('content_header_unexpected and content_body_unexpected', () => {
    const text = unexpected('expected method frame, got non method frame instead', '0,0');
    expect(errors([frame(2, 1, header(0)), frame(3, 1, 'abc')])).toEqual([text, text]);
  });

  test('content_method_instead_of_header, content_method_instead_of_body, a body instead of a header', () => {
    const begun = [method(1, publish), frame(2, 1, header(5))];
    const wantsHeader = 'expected content header for class 60, got non content header frame instead';
    const wantsBody = 'expected content body, got non content body frame instead';
    expect(errors([method(1, publish), method(1, qos)])).toEqual([unexpected(wantsHeader)]);
    expect(errors([...begun, method(1, qos)])).toEqual([unexpected(wantsBody)]);
    expect(errors([...begun, frame(2, 1, header(5))])).toEqual([unexpected(wantsBody)]);
    expect(errors([method(1, publish), frame(3, 1, 'a')])).toEqual([unexpected(wantsHeader)]);
  });

  test('content_header_wrong_class and content_header_weight_not_zero', () => {
    expect(errors([method(1, publish), frame(2, 1, header(0, 50))])).toEqual([
      unexpected('expected content header for class 60, got one for class 50 instead'),
    ]);
    expect(errors([method(1, publish), frame(2, 1, header(0, 60, 1))])).toEqual([
      unexpected('expected content header for class 60, got non content header frame instead'),
    ]);
  });

  test('more body than announced is 501, in one frame or in several', () => {
    const text = '501 [60,40] FRAME_ERROR - content body of 4 bytes is longer than the announced 3';
    const begun = [method(1, publish), frame(2, 1, header(3))];
    expect(errors([...begun, frame(3, 1, 'abcd')])).toEqual([text]);
    expect(errors([...begun, frame(3, 1, 'ab'), frame(3, 1, 'cd')])).toEqual([text]);
  });

  test('the channel is free again after an error', () => {
    const whole = [method(1, publish), frame(2, 1, header(2)), frame(3, 1, 'hi')];
    expect(read([method(1, publish), method(1, qos), ...whole]).at(-1)).toEqual(command(1, publish, 'hi'));
  });

  test('content_interleaves_between_channels, content_heartbeat_inside, content_empty_body_frames', () => {
    const bytes = [
      method(1, publish),
      frame(8, 0, ''),
      method(2, publish),
      frame(2, 1, header(4)),
      frame(2, 2, header(4)),
      frame(3, 1, 'aa'),
      frame(3, 2, ''),
      frame(3, 2, 'bb'),
      frame(8, 0, ''),
      frame(3, 2, 'BB'),
      frame(3, 1, 'AA'),
    ];
    expect(read(bytes)).toEqual([command(2, publish, 'bbBB'), command(1, publish, 'aaAA')]);
  });

  test('a content that lies in one chunk is one view of it', () => {
    const properties = encodeProperties({ contentType: 'a/b' });
    const writer = new FrameWriter();
    writer.writeContentMethod(1, publish as never, makeContent(properties, Buffer.from('body')));
    writer.writeContentMethod(1, publish as never, makeContent(properties, Buffer.alloc(0)));
    const chunk = writer.take() as Uint8Array;
    const sink = transcript();
    new FrameReader({ expectsProtocolHeader: false }).push(chunk, sink);
    const hex = Buffer.from(properties).toString('hex');
    expect(sink.entries).toEqual([command(1, publish, 'body', hex), command(1, publish, '', hex)]);
    for (const content of sink.contents) expect(content?.bytes.buffer).toBe(chunk.buffer);
    expect(sink.contents[0]?.bodyAt).toBe(properties.length + 8);
  });

  test('repeated publishes share one method object, others do not', () => {
    const other: Method = { ...publish, routingKey: 'r' };
    const one = (given: Method) => Buffer.concat([method(1, given), frame(2, 1, header(0))]);
    const seen: Method[] = [];
    const sink = { ...transcript(), onCommand: (_: number, given: Method) => void seen.push(given) };
    const mandatory: Method = { ...publish, mandatory: true };
    const all = [publish, publish, other, publish, mandatory].map(one);
    new FrameReader({ expectsProtocolHeader: false }).push(Buffer.concat(all), sink);
    expect(seen).toEqual([publish, publish, other, publish, mandatory]);
    expect(seen[0]).toBe(seen[1]);
  });

  test('content methods on channel 0 are told without waiting for a content', () => {
    expect(read([method(0, publish)])).toEqual([command(0, publish, null)]);
  });

  test('publish_too_large is judged after the whole body, without keeping it', () => {
    const reader = new FrameReader({ expectsProtocolHeader: false, bodyBytesMax: 10 });
    const sink = transcript();
    reader.push(
      Buffer.concat([method(1, publish), frame(2, 1, header(100_000)), frame(3, 1, Buffer.alloc(99_999))]),
      sink,
    );
    expect(sink.entries).toEqual([]);
    expect(reader.heldBytes).toBeLessThan(200);
    reader.push(frame(3, 1, 'x'), sink);
    const error = '406 [60,40] PRECONDITION_FAILED - message size 100000 is larger than configured max size 10';
    expect(sink.entries).toEqual([{ channel: 1, error }]);
  });

  test('memory follows what came, not what was announced, and is counted', () => {
    const reader = new FrameReader({ expectsProtocolHeader: false });
    const sink = transcript();
    for (let channel = 1; channel <= 1000; channel++) {
      reader.push(Buffer.concat([method(channel, publish), frame(2, channel, header(134_217_728))]), sink);
    }
    expect(reader.heldBytes).toBeLessThan(1000 * 1100 + 4096);
    reader.push(frame(3, 1, Buffer.alloc(100_000)), sink);
    expect(reader.heldBytes).toBeLessThan(1000 * 1100 + 4 * 110_000);
    expect(reader.heldBytes).toBeGreaterThan(100_000);
    const held = reader.heldBytes;
    reader.push(
      Buffer.concat([method(2001, publish), frame(2, 2001, header(5000)), frame(3, 2001, Buffer.alloc(4000))]),
      sink,
    );
    reader.push(frame(3, 2001, Buffer.alloc(1000)), sink);
    expect(sink.entries.length).toBe(1);
    expect(reader.heldBytes).toBe(held);
    reader.stop();
    expect(reader.heldBytes).toBe(0);
  });
});
