// The lock of a data directory: one running node per directory, also when several start at once. The lock file holds the
// process id of its owner and names the run of the machine; the lock of a process that no longer lives is taken over.
import {
  constants,
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
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
  const ticket = writeTicket(file);
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (put(ticket, file)) return release(own, file);
      const owner = ownerOf(file);
      if (owner !== null) throw new DataDirError(`the data directory ${dir} is locked by process ${owner}`);
      removeLeft(ticket, file);
    }
  } finally {
    rmSync(ticket, { force: true });
  }
  throw new DataDirError(`the data directory ${dir} is locked by a process that is just starting`);
}

/** Others that start at the same time may be in between so often. */
const ATTEMPTS = 5;

/** The directories that this process has locked. */
const held = new Set<string>();

function release(own: string, file: string): () => void {
  held.add(own);
  return () => {
    held.delete(own);
    rmSync(file, { force: true });
  };
}

/**
 * A file of this process that says who it is: it becomes the lock whole, so that nobody ever finds an empty one. Where there
 * is no room for it, the lock that a dead process has left makes some; only there several starts can come in each other's way.
 */
function writeTicket(file: string): string {
  const ticket = `${file}.${process.pid}`;
  const text = `${process.pid}\n${bootId()}\n`;
  const code = writeWhole(ticket, text);
  if (code === null) return ticket;
  if (code === 'ENOSPC' && ownerOf(file) === null) {
    rmSync(file, { force: true });
    if (writeWhole(ticket, text) === null) return ticket;
  }
  throw new DataDirError(`cannot lock ${file}: ${code}`);
}

/** Null, or why it could not be written; it is not there then. */
function writeWhole(file: string, text: string): string | null {
  try {
    writeFileSync(file, text);
    return null;
  } catch (error) {
    rmSync(file, { force: true });
    return (error as NodeJS.ErrnoException).code ?? 'EIO';
  }
}

/** Makes `file` of the ticket unless it is there. */
function put(ticket: string, file: string): boolean {
  try {
    linkSync(ticket, file);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (code === undefined || !WITHOUT_LINKS.has(code)) throw new DataDirError(`cannot lock ${file}: ${code}`);
  }
  try {
    copyFileSync(ticket, file, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    throw new DataDirError(`cannot lock ${file}: ${code}`);
  }
}

/** What file systems without hard links say. */
const WITHOUT_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/**
 * Removes the lock that a dead process has left. Only who holds the second lock may: of two that saw the same dead owner
 * the slower one would else remove the lock that the faster one has just made.
 */
function removeLeft(ticket: string, file: string): void {
  const second = `${file}.takeover`;
  if (!put(ticket, second)) {
    // Whoever held that one died within a few system calls; who comes next begins afresh.
    if (ownerOf(second) === null) rmSync(second, { force: true });
    return;
  }
  try {
    if (ownerOf(file) === null) rmSync(file, { force: true });
  } finally {
    rmSync(second, { force: true });
  }
}

/** The process that holds a lock; null when it is not there, or its owner does not live any more. */
function ownerOf(file: string): number | null {
  const [owner, boot] = read(file).split('\n');
  const id = Number.parseInt(owner, 10);
  if (!Number.isInteger(id) || id <= 0) return null;
  // Since the machine was started again the number may be another's.
  if (boot !== undefined && boot !== '' && boot !== bootId()) return null;
  // A container gives its restarted process the same id: an own id in the file is a lock left by a crash.
  return id !== process.pid && isRunning(id) ? id : null;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    // The owner has let go in between: the next attempt takes the lock.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new DataDirError(`cannot read ${file}: ${(error as NodeJS.ErrnoException).code}`);
  }
}

/** Names this run of the machine; empty where the host does not tell. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
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
