// The pool for one-shot CPU work, Erlang's dirty schedulers (SCH-5): a Piscina of its own, started on first use.
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { OffloadResult } from '../process/index.ts';
import { type Mfa, type Origin, reasonOf } from '../term/index.ts';
import { decodeTerm, encodeTerm, type Identities } from '../wire/index.ts';
import type { OffloadTask } from './offload-worker.ts';
import { siblingUrl } from './sibling-url.ts';

/** An idle worker is kept this long. */
const IDLE_MS = 5_000;

export class OffloadPool {
  private readonly identities: Identities;
  private readonly workersMax: number;
  private pool: Piscina | null = null;
  /** The work of each data thread under way, by the number it was given there. */
  private readonly byThread = new Map<Origin, Map<number, () => void>>();

  constructor(identities: Identities, workersMax: number) {
    this.identities = identities;
    this.workersMax = workersMax;
  }

  /** Runs `mfa(...args)`; the returned function aborts it. Throws NotATermError when an argument is none. */
  start(mfa: Mfa, args: readonly unknown[], done: (result: OffloadResult) => void): () => void {
    const work = encodeTerm([{ module: mfa.module, export: mfa.export }, args], this.identities);
    const controller = new AbortController();
    let isWanted = true;
    const finish = (result: OffloadResult) => {
      if (isWanted) done(result);
      isWanted = false;
    };
    const task: OffloadTask = { node: this.identities.own.node, work };
    this.running.run(task, { signal: controller.signal }).then(
      (bytes: Uint8Array<ArrayBuffer>) => finish(decodeTerm(bytes, this.identities) as OffloadResult),
      (error: unknown) => finish({ ok: false, error: reasonOf(error) }),
    );
    return () => {
      isWanted = false;
      controller.abort();
    };
  }

  /** The same for a data thread, which can abort it by `id`. */
  startFor(
    thread: Origin,
    id: number,
    mfa: Mfa,
    args: readonly unknown[],
    done: (result: OffloadResult) => void,
  ): void {
    let tasks = this.byThread.get(thread);
    if (tasks === undefined) {
      tasks = new Map();
      this.byThread.set(thread, tasks);
    }
    const abort = this.start(mfa, args, (result) => {
      this.byThread.get(thread)?.delete(id);
      done(result);
    });
    tasks.set(id, abort);
  }

  abortFor(thread: Origin, id: number): void {
    this.byThread.get(thread)?.get(id)?.();
    this.byThread.get(thread)?.delete(id);
  }

  /** A thread has died: nobody wants its results. */
  lose(thread: Origin): void {
    for (const abort of this.byThread.get(thread)?.values() ?? []) abort();
    this.byThread.delete(thread);
  }

  async stop(): Promise<void> {
    await this.pool?.destroy();
    this.pool = null;
  }

  private get running(): Piscina {
    this.pool ??= new Piscina({
      filename: fileURLToPath(siblingUrl('offload-worker')),
      minThreads: 0,
      maxThreads: this.workersMax,
      concurrentTasksPerWorker: 1,
      atomics: 'disabled',
      idleTimeout: IDLE_MS,
    });
    return this.pool;
  }
}
