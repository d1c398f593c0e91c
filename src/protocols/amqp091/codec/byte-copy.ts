// One copy between byte arrays without making a view: short runs by a loop, longer ones by the host's memcpy.

type Copies = {
  copy(this: Uint8Array, target: Uint8Array, targetStart: number, start: number, end: number): number;
};
const nativeCopy = (Buffer.prototype as unknown as Copies).copy;
const LOOP_BYTES_MAX = 32;

/** Copies `source[start..end)` to `target` at `at` and returns the offset behind the copy. The target has the room. */
export function copyBytes(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  const count = end - start;
  if (count > LOOP_BYTES_MAX) nativeCopy.call(source, target, at, start, end);
  else for (let i = 0; i < count; i++) target[at + i] = source[start + i];
  return at + count;
}
