// The lock of a data directory: one running node per directory. The lock file holds the process id of its owner; the
// lock of a process that no longer lives is taken over.
import { closeSync, mkdirSync, openSync, readFileSync, realpathSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Thrown when the directory cannot be used; the message is one clear line. */
export class DataDirError extends Error {
  override readonly name = 'DataDirError';
}

/** Makes the directory if need be and locks it; returns what releases the lock. Throws {@link DataDirError}. */
export function lockDataDir(dir: string): () => void {
  const file = join(dir, 'warren.lock');
  try {
    mkdirSync(dir, { recursive: true });
  } catch (error) {
    throw new DataDirError(`cannot make the data directory ${dir}: ${(error as NodeJS.ErrnoException).code}`);
  }
  // One process may hold many directories, but each of them once.
  const own = realpathSync(dir);
  if (held.has(own)) throw new DataDirError(`the data directory ${dir} is locked by process ${process.pid}`);
  for (let attempt = 0; attempt < 2; attempt++) {
    if (tryLock(file)) return release(own, file);
    const owner = ownerOf(file);
    // A container gives its restarted process the same id: an own id in the file is a lock left by a crash.
    if (owner !== null && owner !== process.pid && isRunning(owner)) {
      throw new DataDirError(`the data directory ${dir} is locked by process ${owner}`);
    }
    rmSync(file, { force: true });
  }
  throw new DataDirError(`the data directory ${dir} is locked by a process that is just starting`);
}

/** The directories that this process has locked. */
const held = new Set<string>();

function release(own: string, file: string): () => void {
  held.add(own);
  return () => {
    held.delete(own);
    rmSync(file, { force: true });
  };
}

function tryLock(file: string): boolean {
  try {
    const handle = openSync(file, 'wx');
    writeSync(handle, `${process.pid}\n`);
    closeSync(handle);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    throw new DataDirError(`cannot lock ${file}: ${code}`);
  }
}

function ownerOf(file: string): number | null {
  try {
    const owner = Number.parseInt(readFileSync(file, 'utf8'), 10);
    return Number.isInteger(owner) && owner > 0 ? owner : null;
  } catch (error) {
    // The owner has let go in between: the next attempt takes the lock.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new DataDirError(`cannot read ${file}: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
