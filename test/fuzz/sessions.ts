// Valid sessions as lists of frames: a greeting, a login, channels, and then any methods that a client may send, with
// arguments, tables and contents of every type (reliability 2.d). Names come from small pools, so that they meet. In an
// exact session there is one way to write each thing, so that what is decoded and written again must be the same bytes.
import { METHODS, type MethodName } from '../../src/protocols/amqp091/codec/method-table.ts';
import { PROPERTY_LIST } from '../../src/protocols/amqp091/codec/properties.ts';
import * as wire from '../support/wire.ts';
import type { Random } from './random.ts';

const NAMES = [
  '',
  'q1',
  'q2',
  'amq.topic',
  'amq.direct',
  'amq.fanout',
  'amq.headers',
  'x1',
  'topic',
  'direct',
  '*.a.#',
];
const KEYS = [
  ...['x-message-ttl', 'x-max-length', 'x-expires', 'x-queue-type', 'x-dead-letter-exchange', 'x-max-priority'],
  ...['x-match', 'alternate-exchange', 'x-priority', 'CC', 'BCC', 'x-delay', 'k', ''],
];
/** What a client may say once its connection is open. */
export const CLIENT_METHODS = (Object.keys(METHODS) as MethodName[]).filter(
  (name) => !/^connection\.(?!close|update-secret$)|-ok$|deliver|return|get-empty|^basic\.cancel$/.test(name),
);
/** Rarely what ends everything. */
const ENDINGS: readonly MethodName[] = ['connection.close', 'channel.close', 'connection.close-ok'];
const FRAME_TYPES = { header: 2, body: 3 };

/** One session; its first frames open it up to two channels. `isExact`: written again it is the same. */
export function session(random: Random, isExact = false): Buffer[] {
  const frameMax = random.pick([4_096, 8_192, 131_072]);
  const frames = [wire.PROTOCOL_HEADER, wire.startOk, wire.tuneOk(frameMax), wire.open];
  for (const channel of [1, 2]) frames.push(wire.channelOpen(channel));
  for (let count = random.int(10); count >= 0; count--) frames.push(...step(random, isExact));
  return frames;
}

function step(random: Random, isExact: boolean): Buffer[] {
  if (random.oneIn(12)) return [wire.HEARTBEAT];
  const channel = 1 + random.int(2);
  const name = random.oneIn(25) ? random.pick(ENDINGS) : random.pick(CLIENT_METHODS);
  const method = methodFrame(random, name.startsWith('connection') ? 0 : channel, name, isExact);
  return name === 'basic.publish' ? [method, ...content(random, channel, isExact)] : [method];
}

/** A method with valid arguments of every kind. */
export function methodFrame(random: Random, channel: number, name: MethodName, isExact = false): Buffer {
  const [classId, methodId, kinds] = METHODS[name];
  const args: Buffer[] = [];
  let bits = 0;
  let bit = -1;
  const flush = () => {
    if (bit >= 0) args.push(wire.u8(bits));
    bits = 0;
    bit = -1;
  };
  for (const [field, kind] of Object.entries(kinds)) {
    const isFree = !isExact || !field.startsWith('reserved');
    if (kind === 'bit') {
      bit++;
      if (random.oneIn(3) && isFree) bits |= 1 << bit;
      continue;
    }
    flush();
    args.push(isFree ? argument(random, kind, isExact) : RESERVED[kind]);
  }
  flush();
  return wire.method(channel, classId, methodId, ...args);
}

/** What a reserved argument is when it is written. */
const RESERVED: Readonly<Record<string, Buffer>> = {
  short: wire.u16(0),
  shortstr: wire.shortstr(''),
  longstr: wire.longstr(''),
};

function argument(random: Random, kind: string, isExact: boolean): Buffer {
  switch (kind) {
    case 'octet':
      return wire.u8(random.int(256));
    case 'short':
      return wire.u16(random.int(4));
    case 'long':
      return wire.u32(random.int(20));
    case 'longlong':
      return wire.u64(BigInt(random.int(5)));
    case 'shortstr':
      return shortstr(random);
    case 'table':
      return table(random, 0, isExact);
    default:
      return wire.longstr(random.bytes(random.int(20)));
  }
}

function shortstr(random: Random): Buffer {
  return wire.shortstr(random.oneIn(6) ? wide(random) : random.pick(NAMES));
}

/** Text that is not ASCII, now and then with a byte order mark, which belongs to it. */
function wide(random: Random): Buffer {
  return Buffer.from(`${random.oneIn(3) ? '\ufeff' : ''}${'é'.repeat(random.int(100))}`);
}

/** A table of valid fields, nested now and then. */
export function table(random: Random, depth: number, isExact = false): Buffer {
  const fields: Buffer[] = [];
  for (let count = random.int(4); count > 0; count--) {
    // A key that comes twice is one field when it is written again.
    const key = isExact ? KEYS[(count + 4 * random.int(3)) % KEYS.length] : random.pick(KEYS);
    fields.push(Buffer.concat([wire.shortstr(key), value(random, depth, isExact)]));
  }
  return wire.table(...fields);
}

const FIXED: Readonly<Record<string, number>> = {
  t: 1,
  b: 1,
  B: 1,
  s: 2,
  u: 2,
  I: 4,
  i: 4,
  f: 4,
  D: 5,
  d: 8,
  l: 8,
  T: 8,
  V: 0,
};
const TYPES = [...Object.keys(FIXED), 'S', 'x', 'A', 'F'];

function value(random: Random, depth: number, isExact: boolean): Buffer {
  const type = random.pick(depth > 4 ? Object.keys(FIXED) : TYPES);
  const letter = Buffer.from(type);
  if (isExact && type === 't') return Buffer.concat([letter, wire.u8(random.int(2))]);
  if (isExact && (type === 'f' || type === 'd')) return Buffer.concat([letter, number(random, FIXED[type])]);
  if (type in FIXED)
    return Buffer.concat([letter, random.oneIn(2) ? small(random, FIXED[type]) : random.bytes(FIXED[type])]);
  if (type === 'F') return Buffer.concat([letter, table(random, depth + 1, isExact)]);
  if (type === 'A') {
    const items = Array.from({ length: random.int(4) }, () => value(random, depth + 1, isExact));
    return Buffer.concat([letter, wire.longstr(Buffer.concat(items))]);
  }
  return Buffer.concat([letter, wire.longstr(random.oneIn(2) ? random.pick(NAMES) : random.bytes(random.int(12)))]);
}

/** A floating-point number that is one: what is none has many forms. */
function number(random: Random, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const given = (random.next() - 2 ** 31) / 2 ** random.int(40);
  if (length === 4) bytes.writeFloatBE(given);
  else bytes.writeDoubleBE(given);
  return bytes;
}

/** A number that means something as a limit or a time. */
function small(random: Random, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  if (length > 0) bytes[length - 1] = random.int(20);
  return bytes;
}

/** Header and body frames of a content. */
export function content(random: Random, channel: number, isExact = false): Buffer[] {
  const body = random.bytes(random.oneIn(20) ? random.int(9_000) : random.int(60));
  const frames = [wire.contentHeader(channel, body.length, properties(random, isExact))];
  for (let at = 0; at < body.length; ) {
    const to = Math.min(body.length, at + 1 + random.int(random.oneIn(2) ? 4_000 : 30));
    frames.push(wire.frame(FRAME_TYPES.body, channel, body.subarray(at, to)));
    at = to;
  }
  return frames;
}

function properties(random: Random, isExact: boolean): Buffer {
  let flags = 0;
  const values: Buffer[] = [];
  for (const [index, [name, kind]] of PROPERTY_LIST.entries()) {
    if (!random.oneIn(5)) continue;
    flags |= 1 << (15 - index);
    if (kind === 'table') values.push(table(random, 0, isExact));
    else if (kind === 'octet') values.push(wire.u8(1 + random.int(9)));
    else if (kind === 'timestamp') values.push(wire.u64(BigInt(random.next())));
    else values.push(name === 'expiration' ? wire.shortstr(String(random.int(1_000))) : shortstr(random));
  }
  return Buffer.concat([wire.u16(flags), ...values]);
}
