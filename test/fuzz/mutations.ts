// What a broken or hostile peer does to a session, by level (reliability 2.d): bytes, frames, methods, tables, and the
// order of a session. Each takes the frames and returns others.
import { METHODS, type MethodName } from '../../src/protocols/amqp091/codec/method-table.ts';
import * as wire from '../support/wire.ts';
import type { Random } from './random.ts';
import { content, methodFrame, table } from './sessions.ts';

export type Mutation = (random: Random, frames: readonly Buffer[]) => Buffer[];

const SAME = wire.field('same', 'V', Buffer.alloc(0));
const INTERESTING = [0, 1, 0x7f, 0x80, 0xfe, 0xff];

/** L0: some octets are others, or are gone, or are there twice. */
const bytes: Mutation = (random, frames) => {
  const all = Buffer.concat(frames);
  for (let count = random.int(4); count >= 0; count--) {
    all[random.int(all.length)] = random.oneIn(2) ? random.pick(INTERESTING) : random.next();
  }
  const at = random.int(all.length);
  if (random.oneIn(4)) return [all.subarray(0, at)];
  if (random.oneIn(4)) return [all.subarray(0, at), random.bytes(random.int(9)), all.subarray(at)];
  if (random.oneIn(4)) return [all.subarray(0, at), all.subarray(Math.max(0, at - random.int(30)))];
  return [all];
};

/** L1: type, channel, size or end mark of one frame. */
const frame: Mutation = (random, frames) =>
  changeOne(random, frames, (given) => {
    const changed = Buffer.from(given);
    const size = changed.length >= 8 ? changed.readUInt32BE(3) : 0;
    const what = random.int(5);
    if (what === 0) changed[0] = random.int(random.oneIn(2) ? 10 : 256);
    else if (what === 1 && changed.length > 3) changed.writeUInt16BE(random.pick([0, 1, 2, 3, 2047, 2048, 65_535]), 1);
    else if (what === 2 && changed.length > 7) {
      changed.writeUInt32BE(
        random.pick([0, size + 1, Math.max(0, size - 1), size * 2, 131_072, 2 ** 31, 2 ** 32 - 1]) >>> 0,
        3,
      );
    } else if (what === 3) changed[changed.length - 1] = random.next();
    else return changed.subarray(0, random.int(changed.length));
    return changed;
  });

/** L2: an unknown method, or the arguments of one cut, longer or not what they say. */
const method: Mutation = (random, frames) =>
  changeOne(random, frames, (given) => {
    const what = random.int(4);
    if (what === 0)
      return wire.method(
        random.int(3),
        random.pick([10, 20, 40, 50, 60, 85, 90, 77]),
        random.int(130),
        random.bytes(random.int(30)),
      );
    if (what === 1) return methodFrame(random, random.int(3), random.pick(Object.keys(METHODS) as MethodName[]));
    const payload = given.subarray(7, Math.max(7, given.length - 1));
    const cut =
      what === 2
        ? payload.subarray(0, random.int(payload.length + 1))
        : Buffer.concat([payload, random.bytes(1 + random.int(9))]);
    return wire.frame(1, random.int(3), cut);
  });

/** L3: tables that are deep, wide, repeated, empty, or of lengths that are not theirs. */
const fields: Mutation = (random, frames) =>
  insert(random, frames, wire.method(1, 50, 10, wire.u16(0), wire.shortstr('t'), wire.u8(0), hostile(random)));

function hostile(random: Random): Buffer {
  switch (random.int(7)) {
    case 0:
      return nested(rarely(random, [1, 99, 100, 101, 127], [500, 5_000]), 'F');
    case 1:
      return nested(rarely(random, [1, 99, 100, 101], [500, 5_000]), 'A');
    case 2:
      return wire.table(...Array.from({ length: rarely(random, [2, 64], [1_024, 4_000]) }, () => SAME));
    case 3:
      return wire.table(wire.field('zeros', 'A', wire.longstr(Buffer.alloc(rarely(random, [1, 500], [60_000]), 'V'))));
    case 4:
      return Buffer.concat([wire.u32(random.pick([1, 0xff, 0x7fffffff, 0xffffffff])), random.bytes(random.int(20))]);
    case 5:
      return wire.table(
        Buffer.concat([
          wire.shortstr(random.bytes(random.int(6))),
          Buffer.from([random.int(256)]),
          random.bytes(random.int(12)),
        ]),
      );
    default:
      return Buffer.concat([table(random, 0).subarray(0, -1), random.bytes(random.int(3))]);
  }
}

/** What is large costs as much as hundreds of small ones, and shows nothing more for coming as often. */
function rarely(random: Random, small: readonly number[], large: readonly number[]): number {
  return random.pick(random.oneIn(20) ? large : small);
}

/** A table in which tables or arrays lie in one another, so deep besides itself. */
export function nested(depth: number, letter: 'F' | 'A'): Buffer {
  let inner = Buffer.alloc(0);
  const name = letter === 'F' ? wire.shortstr('n') : Buffer.alloc(0);
  // Lengths grow from the inside out; copies would cost the square of the depth.
  const heads: Buffer[] = [];
  let length = 0;
  for (let level = 0; level < depth; level++) {
    heads.push(Buffer.concat([name, Buffer.from(letter), wire.u32(length)]));
    length += name.length + 5;
  }
  inner = Buffer.concat(heads.reverse());
  return letter === 'F' ? wire.longstr(inner) : wire.table(Buffer.concat([wire.shortstr('n'), inner]));
}

/** L4: the right frames at the wrong time. */
const order: Mutation = (random, frames) => {
  const list = [...frames];
  const at = random.int(list.length);
  switch (random.int(6)) {
    case 0:
      list.splice(at, 1);
      break;
    case 1:
      list.splice(at, 0, list[random.int(list.length)]);
      break;
    case 2:
      [list[at], list[list.length - 1]] = [list[list.length - 1], list[at]];
      break;
    case 3:
      list.splice(at, 0, ...content(random, random.int(4)));
      break;
    case 4:
      list.splice(at, 0, wire.publishMethod(1, '', 'q1'), wire.publishMethod(2, '', 'q1'), ...content(random, 1));
      break;
    default:
      list.splice(
        at,
        0,
        wire.ack(1 + random.int(2), random.pick([0, 1, 7, 2 ** 31])),
        wire.channelOpen(random.pick([0, 1, 3, 2_047, 2_048])),
      );
  }
  return list;
};

/** All of them, by name. */
export const MUTATIONS: Readonly<Record<string, Mutation>> = { bytes, frame, method, fields, order };

function changeOne(random: Random, frames: readonly Buffer[], change: (frame: Buffer) => Buffer): Buffer[] {
  const at = random.int(frames.length);
  return frames.map((each, index) => (index === at ? change(each) : each));
}

function insert(random: Random, frames: readonly Buffer[], more: Buffer): Buffer[] {
  const at = random.int(frames.length + 1);
  return [...frames.slice(0, at), more, ...frames.slice(at)];
}
