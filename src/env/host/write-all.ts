// Writing many chunks to a place in a file, all of them: the host may write less than it was given at a time, and takes no
// more than a bounded number of chunks.
import fs from 'node:fs';

/** Chunks in one call of the host (IOV_MAX). */
const CHUNKS_MAX = 1_024;

/** Calls of the host, replaced by a test that writes short. */
export type Writev = (
  handle: number,
  chunks: readonly Uint8Array[],
  at: number,
  done: (error: NodeJS.ErrnoException | null, written: number) => void,
) => void;

/** Writes all chunks one after the other from byte `at` on. Fails with the host's error, or EIO when it writes nothing. */
export function writeAll(
  handle: number,
  chunks: readonly Uint8Array[],
  at: number,
  done: (error: NodeJS.ErrnoException | null) => void,
  writev: Writev = fs.writev as Writev,
): void {
  const left = chunks.filter((chunk) => chunk.length > 0);
  let first = 0;
  let position = at;
  const go = (): void => {
    if (first === left.length) {
      done(null);
      return;
    }
    writev(handle, left.slice(first, first + CHUNKS_MAX), position, (error, written) => {
      if (error !== null) return done(error);
      if (written === 0) return done(Object.assign(new Error('the host wrote nothing'), { code: 'EIO' }));
      position += written;
      let rest = written;
      for (; first < left.length && rest >= left[first].length; first++) rest -= left[first].length;
      if (rest > 0) left[first] = left[first].subarray(rest);
      go();
    });
  };
  // A write of nothing also completes later.
  if (left.length === 0) setImmediate(go);
  else go();
}
