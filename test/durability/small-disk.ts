// A disk of so many bytes that is really full when it is full: a tmpfs in a mount namespace of its own, which a process
// that sleeps keeps alive while brokers come and go.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The namespace goes by itself if a test dies before it can end it. */
const LIFE_S = 300;
const CHUNK = Buffer.alloc(65_536, 'f');

/** Whether this host lets a user mount something in a namespace. */
export function canMount(): boolean {
  try {
    execFileSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export class SmallDisk implements AsyncDisposable {
  /** Where it is for those who run under `under`. */
  readonly mountPoint: string;
  /** What runs a command in the namespace. */
  readonly under: readonly string[];
  /** Where it is for everybody else. */
  private readonly path: string;
  private readonly holder: ChildProcess;
  private readonly filler: string;

  private constructor(holder: ChildProcess, mountPoint: string) {
    this.holder = holder;
    this.mountPoint = mountPoint;
    this.under = ['nsenter', '-t', String(holder.pid), '-U', '-m', '--preserve-credentials'];
    this.path = `/proc/${holder.pid}/root${mountPoint}`;
    this.filler = join(this.path, 'filler');
  }

  /** Mounts one. */
  static async make(bytes: number): Promise<SmallDisk> {
    const mountPoint = mkdtempSync(join(tmpdir(), 'warren-small-disk-'));
    const script = `mount -t tmpfs -o size=${bytes} tmpfs ${mountPoint} && echo ready && exec sleep ${LIFE_S}`;
    const holder = spawn('unshare', ['-rm', 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const disk = new SmallDisk(holder, mountPoint);
    const [said] = await Promise.race([once(holder.stdout, 'data'), once(holder, 'close')]);
    if (String(said) !== 'ready\n') throw new Error(`no small disk: ${said}`);
    return disk;
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.path);
    return bavail * bsize;
  }

  /** Takes what is free but for so many bytes. */
  fill(leftBytes = 0): void {
    const file = openSync(this.filler, 'a');
    try {
      for (let left = this.freeBytes - leftBytes; left > 0; )
        left -= writeSync(file, CHUNK, 0, Math.min(left, CHUNK.length));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  /** Gives back what `fill` took. */
  free(): void {
    rmSync(this.filler, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.holder.kill('SIGKILL');
    if (this.holder.exitCode === null && this.holder.signalCode === null) await once(this.holder, 'exit');
    rmSync(this.mountPoint, { recursive: true, force: true });
  }
}
