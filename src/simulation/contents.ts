// The contents of values as numbers, for the fingerprint of a run (R17): equal for values that hold the same. Texts,
// bytes, what is nested and what goes round in circles count. The stack of an error does not, because it tells where the
// simulation was called; nor does what is inside an instance of a class of the test's own, which is not plain.
import { Pid, Ref } from '../term/index.ts';

/** Takes one number after the other. */
export interface Sink {
  add(value: number): void;
}

/** What stands before the contents, so that '1', 1 and [1] differ. */
const MARKS = {
  undefined: 1,
  null: 2,
  true: 3,
  false: 4,
  number: 5,
  bigint: 6,
  string: 7,
  opaque: 8,
  pid: 9,
  ref: 10,
  again: 11,
  bytes: 12,
  list: 13,
  map: 14,
  set: 15,
  date: 16,
  error: 17,
  record: 18,
} as const;

const float = new Float64Array(1);
const halves = new Int32Array(float.buffer);

/** Adds the contents of a value to the sink. Never throws; getters are not called. */
export function addContents(sink: Sink, value: unknown): void {
  try {
    addTo(sink, value, new Map());
  } catch {
    // A proxy with a mind of its own, or something nested without end.
    sink.add(MARKS.opaque);
  }
}

function addTo(sink: Sink, value: unknown, seen: Map<object, number>): void {
  if (typeof value === 'object' && value !== null) addObject(sink, value, seen);
  else if (typeof value === 'number') {
    sink.add(MARKS.number);
    addNumber(sink, value);
  } else if (typeof value === 'string') {
    sink.add(MARKS.string);
    addText(sink, value);
  } else if (typeof value === 'bigint') {
    sink.add(MARKS.bigint);
    addText(sink, value.toString(16));
  } else if (typeof value === 'boolean') sink.add(value ? MARKS.true : MARKS.false);
  else if (value === undefined) sink.add(MARKS.undefined);
  else sink.add(value === null ? MARKS.null : MARKS.opaque);
}

function addNumber(sink: Sink, value: number): void {
  float[0] = value;
  sink.add(halves[0]);
  sink.add(halves[1]);
}

function addText(sink: Sink, text: string): void {
  sink.add(text.length);
  for (let index = 0; index < text.length; index++) sink.add(text.charCodeAt(index));
}

function addObject(sink: Sink, value: object, seen: Map<object, number>): void {
  const place = seen.get(value);
  if (value instanceof Pid || value instanceof Ref) {
    sink.add(value instanceof Pid ? MARKS.pid : MARKS.ref);
    sink.add(value.origin.thread);
    sink.add(value.serial);
  } else if (place !== undefined) {
    sink.add(MARKS.again);
    sink.add(place);
  } else {
    seen.set(value, seen.size);
    addParts(sink, value, seen);
  }
}

function addParts(sink: Sink, value: object, seen: Map<object, number>): void {
  if (ArrayBuffer.isView(value)) addBytes(sink, value.buffer, value.byteOffset, value.byteLength);
  else if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
    addBytes(sink, value, 0, value.byteLength);
  } else if (Array.isArray(value)) addAll(sink, MARKS.list, value.length, value, seen);
  else if (value instanceof Map) addAll(sink, MARKS.map, value.size, [...value].flat(1), seen);
  else if (value instanceof Set) addAll(sink, MARKS.set, value.size, value, seen);
  else if (value instanceof Date) {
    sink.add(MARKS.date);
    addNumber(sink, value.getTime());
  } else if (value instanceof Error) {
    sink.add(MARKS.error);
    addFields(sink, value, ['name', 'message', 'cause', ...Object.keys(value)], seen);
  } else if (isPlain(value)) {
    sink.add(MARKS.record);
    addFields(sink, value, Object.keys(value), seen);
  } else sink.add(MARKS.opaque);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function addBytes(sink: Sink, buffer: ArrayBufferLike, offset: number, length: number): void {
  sink.add(MARKS.bytes);
  sink.add(length);
  for (const byte of new Uint8Array(buffer, offset, length)) sink.add(byte);
}

function addAll(sink: Sink, mark: number, size: number, items: Iterable<unknown>, seen: Map<object, number>): void {
  sink.add(mark);
  sink.add(size);
  for (const item of items) addTo(sink, item, seen);
}

/** Only what a field holds: a getter may do anything. */
function addFields(sink: Sink, value: object, names: readonly string[], seen: Map<object, number>): void {
  sink.add(names.length);
  for (const name of names) {
    const field = Object.getOwnPropertyDescriptor(value, name);
    const held: unknown = field?.value;
    addText(sink, name);
    if (name !== 'stack' || typeof held !== 'string') addTo(sink, held, seen);
  }
}
