// What is wrong on purpose, each with the refusal that it must meet (reliability 2.d, digest 2): a decoder that takes what
// it should refuse, or refuses it as something else, is found. The frames are put where no content is under way, so that
// nothing else is wrong with the session and the first refusal is theirs.
import { METHODS, type MethodName } from '../../src/protocols/amqp091/codec/method-table.ts';
import * as wire from '../support/wire.ts';
import { nested } from './mutations.ts';
import type { Random } from './random.ts';
import { CLIENT_METHODS, methodFrame } from './sessions.ts';

/** Frames that are wrong, and how the decoder's finding of it begins. */
export interface Wrong {
  readonly frames: readonly Buffer[];
  readonly refusal: RegExp;
}

/** A frame on that channel (1 or 2) that is wrong. */
export type Refusal = (random: Random, channel: number) => Wrong;

const [METHOD, HEADER, BODY, HEARTBEAT] = [1, 2, 3, 8];
const END_MARKER = 0xce;
const FRAME_MAX = 131_072;
const DEPTH_MAX = 100;
const CHANNEL_METHODS = CLIENT_METHODS.filter((name) => !name.startsWith('connection') && name !== 'basic.publish');
const KNOWN = new Set(Object.values(METHODS).map(([classId, methodId]) => `${classId}.${methodId}`));
/** Methods of which every proper part is too short, and which have at least one octet of arguments. */
const WITH_ARGUMENTS = CHANNEL_METHODS.filter((name) => Object.keys(METHODS[name][2]).length > 0);

const announced = (channel: number, bytes = 10): Buffer[] => [
  wire.publishMethod(channel, '', 'q1'),
  wire.contentHeader(channel, bytes),
];
const declareWith = (channel: number, table: Buffer): Buffer[] => [wire.queueDeclare(channel, 'q1', 0, table)];
const anotherThan = (random: Random, below: number, taken: readonly number[]): number => {
  const value = random.int(below);
  return taken.includes(value) ? anotherThan(random, below, taken) : value;
};
const payloadOf = (frame: Buffer): Buffer => frame.subarray(7, -1);
const isNoMethod = (classId: number, methodId: number): boolean => !KNOWN.has(`${classId}.${methodId}`);

/** A wrong frame for each way of being wrong, by name. */
export const REFUSALS: Readonly<Record<string, Refusal>> = {
  'another end mark': (random, channel) => {
    const end = anotherThan(random, 256, [END_MARKER]);
    const type = random.pick([METHOD, HEADER, BODY, HEARTBEAT]);
    return {
      frames: [wire.frame(type, channel, random.bytes(random.int(40)), end)],
      refusal: new RegExp(`^FRAME_ERROR - type ${type}, .*: \\{invalid_frame_end_marker,${end}\\}$`),
    };
  },
  'another end mark of a body': (random, channel) => {
    const end = anotherThan(random, 256, [END_MARKER]);
    const body = wire.frame(BODY, channel, random.bytes(1 + random.int(5_000)), end);
    return {
      frames: [...announced(channel, body.length - 8), body],
      refusal: new RegExp(`^FRAME_ERROR - type 3, .*: \\{invalid_frame_end_marker,${end}\\}$`),
    };
  },
  'a frame above the limit': (random, channel) => {
    const claimed = random.pick([FRAME_MAX + 1, FRAME_MAX * 2, 2 ** 31, 2 ** 32 - 1]);
    const type = random.pick([METHOD, HEADER, BODY, HEARTBEAT]);
    return {
      frames: [wire.frame(type, channel, random.bytes(random.int(20)), END_MARKER, claimed)],
      refusal: new RegExp(`^FRAME_ERROR - type ${type}, all octets = <<>>: \\{frame_too_large,${claimed},131064\\}$`),
    };
  },
  'an unknown type': (random, channel) => ({
    frames: [
      wire.frame(anotherThan(random, 256, [METHOD, HEADER, BODY, HEARTBEAT]), channel, random.bytes(random.int(40))),
    ],
    refusal: /^FRAME_ERROR - type \d+, .*: unknown_frame$/,
  }),
  'a method without its ids': (random, channel) => ({
    frames: [wire.frame(METHOD, channel, random.bytes(random.int(4)))],
    refusal: /^FRAME_ERROR - type 1, .*: unknown_frame$/,
  }),
  'a header frame too short to be one': (random, channel) => ({
    frames: [wire.frame(HEADER, channel, random.bytes(random.int(12)))],
    refusal: /^FRAME_ERROR - type 2, .*: unknown_frame$/,
  }),
  'a heartbeat that says something': (random) => ({
    frames: [wire.frame(HEARTBEAT, 0, random.bytes(1 + random.int(30)))],
    refusal: /^FRAME_ERROR - type 8, .*: unknown_frame$/,
  }),
  'a heartbeat on a channel': (_, channel) => ({
    frames: [wire.frame(HEARTBEAT, channel, Buffer.alloc(0))],
    refusal: /^UNEXPECTED_FRAME - type 8, all octets = <<>>$/,
  }),
  'content on channel 0': (random) => ({
    frames: [random.oneIn(2) ? wire.contentHeader(0, 1) : wire.contentBody(0, random.bytes(random.int(30)))],
    refusal: /^UNEXPECTED_FRAME - type [23], /,
  }),
  'content without its method': (random, channel) => ({
    frames: [random.oneIn(2) ? wire.contentHeader(channel, 1) : wire.contentBody(channel, random.bytes(8))],
    refusal: /^UNEXPECTED_FRAME - expected method frame, got non method frame instead$/,
  }),
  'a method or a body instead of the header': (random, channel) => ({
    frames: [
      wire.publishMethod(channel, '', 'q1'),
      random.oneIn(2)
        ? methodFrame(random, channel, random.pick(CHANNEL_METHODS))
        : wire.contentBody(channel, random.bytes(random.int(9))),
    ],
    refusal: /^UNEXPECTED_FRAME - expected content header for class 60, got non content header frame instead$/,
  }),
  'a method or a header instead of the body': (random, channel) => ({
    frames: [
      ...announced(channel),
      random.oneIn(2)
        ? methodFrame(random, channel, random.pick(CHANNEL_METHODS))
        : wire.contentHeader(channel, random.int(9)),
    ],
    refusal: /^UNEXPECTED_FRAME - expected content body, got non content body frame instead$/,
  }),
  'a header of another class': (random, channel) => {
    const classId = anotherThan(random, 100, [60]);
    return {
      frames: [wire.publishMethod(channel, '', 'q1'), wire.contentHeader(channel, 1, wire.u16(0), classId)],
      refusal: new RegExp(`^UNEXPECTED_FRAME - expected content header for class 60, got one for class ${classId} `),
    };
  },
  'a header with a weight': (random, channel) => ({
    frames: [
      wire.publishMethod(channel, '', 'q1'),
      wire.contentHeader(channel, random.int(9), wire.u16(0), 60, 1 + random.int(65_535)),
    ],
    refusal: /^UNEXPECTED_FRAME - expected content header for class 60, got non content header frame instead$/,
  }),
  'a body longer than announced': (random, channel) => {
    const bytes = 1 + random.int(20);
    const more = bytes + 1 + random.int(random.oneIn(2) ? 3 : 3_000);
    return {
      frames: [...announced(channel, bytes), wire.contentBody(channel, random.bytes(more))],
      refusal: new RegExp(`^FRAME_ERROR - content body of ${more} bytes is longer than the announced ${bytes}$`),
    };
  },
  'an unknown method': (random, channel) => {
    const [classId, methodId] = [random.pick([10, 20, 30, 40, 50, 60, 85, 90, 77, 0]), random.int(130)];
    const ids = isNoMethod(classId, methodId) ? [classId, methodId] : [77, 7];
    return {
      frames: [wire.method(channel, ids[0], ids[1], random.bytes(random.int(30)))],
      refusal: /^COMMAND_INVALID - unimplemented method$/,
    };
  },
  'arguments that end too early': (random, channel) => {
    const payload = payloadOf(methodFrame(random, channel, random.pick(WITH_ARGUMENTS)));
    return {
      frames: [wire.frame(METHOD, channel, payload.subarray(0, 4 + random.int(payload.length - 4)))],
      refusal: /^FRAME_ERROR - cannot decode <</,
    };
  },
  'arguments with something behind them': (random, channel) => {
    const name: MethodName = random.oneIn(3) ? 'basic.publish' : random.pick(CHANNEL_METHODS);
    const payload = payloadOf(methodFrame(random, channel, name));
    return {
      frames: [wire.frame(METHOD, channel, Buffer.concat([payload, random.bytes(1 + random.int(9))]))],
      refusal: /^FRAME_ERROR - cannot decode <</,
    };
  },
  'a name that is no UTF-8': (random, channel) => {
    const name = random.pick([[0xff], [0x41, 0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80]]);
    const frame = random.oneIn(2)
      ? wire.queueDeclare(channel, Buffer.from(name))
      : wire.method(channel, 60, 40, wire.u16(0), wire.shortstr(Buffer.from(name)), wire.shortstr('q1'), wire.u8(0));
    return { frames: [frame], refusal: /^FRAME_ERROR - Malformed UTF-8 in shortstr$/ };
  },
  'a field of an unknown type': (random, channel) => {
    const known = [...'tbBsuIifDdlLTVSxAF'].map((letter) => letter.charCodeAt(0));
    const type = anotherThan(random, 256, known);
    const fields = Buffer.concat([wire.shortstr('k'), wire.u8(type), random.bytes(random.int(12))]);
    return {
      frames: declareWith(channel, wire.table(fields)),
      refusal: new RegExp(`^SYNTAX_ERROR - unknown type ${type} of a table value$`),
    };
  },
  'tables or arrays nested too deep': (random, channel) => ({
    frames: declareWith(
      channel,
      nested(DEPTH_MAX + 1 + random.int(random.oneIn(20) ? 400 : 5), random.pick(['F', 'A'] as const)),
    ),
    refusal: /^SYNTAX_ERROR - table nested deeper than 100$/,
  }),
  'a table or an array longer than what it is in': (random, channel) => {
    const longer = wire.u32(random.pick([1, 2, 0x7fff_ffff, 0xffff_ffff]));
    const inner = wire.field('k', random.pick(['F', 'A', 'S', 'x']), longer);
    return {
      frames: declareWith(channel, random.oneIn(2) ? longer : wire.table(inner)),
      refusal: /^FRAME_ERROR - cannot decode <</,
    };
  },
};

const REFUSAL_LIST = Object.values(REFUSALS);

/** The session with one wrong thing somewhere behind its first frame, between two commands. */
export function spoil(
  random: Random,
  frames: readonly Buffer[],
  refuse: Refusal = random.pick(REFUSAL_LIST),
): { readonly frames: readonly Buffer[]; readonly wrong: Wrong } {
  const wrong = refuse(random, 1 + random.int(2));
  // A valid session has contents in one piece, so that none is under way where a method begins.
  const places = frames.flatMap((frame, at) => (at > 0 && frame[0] === METHOD ? [at] : []));
  const at = random.pick([...places, frames.length]);
  return { frames: [...frames.slice(0, at), ...wrong.frames, ...frames.slice(at)], wrong };
}

/** Null when the first of the findings that is a refusal is this one, or what it is instead. */
export function notRefused(lines: readonly string[], refusal: RegExp): string | null {
  const first = lines.find((line) => /^\d+ [A-Z_]+ - /.test(line))?.replace(/^\d+ /, '');
  if (first !== undefined && refusal.test(first)) return null;
  return `it is ${first === undefined ? 'accepted' : `refused as '${first}'`} instead of as ${refusal.source}`;
}
