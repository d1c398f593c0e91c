// Several simulated threads: everything between them crosses as bytes through wire/, and a thread may die (THR-1).
import { describe, expect, it } from 'vitest';
import { type Context, isDown, isExit, isProcessAlive, receive, type Signal } from '../../src/process/index.ts';
import { Scheduler } from '../../src/scheduler/index.ts';
import type { Mfa, Pid } from '../../src/term/index.ts';
import { findFailure, loadModules, type SimOptions, SimScheduler, simulate, type Wiring } from '../../src/testing.ts';
import { mourner } from './mourner.ts';

const url = new URL('./thread-bodies.ts', import.meta.url).href;
const modules = await loadModules(url);
const body = (name: string): Mfa => ({ module: url, export: name });
const OPTIONS: SimOptions = { threads: 2, modules };

/** Runs on many schedules; throws at the first that fails. */
function always(options: SimOptions, run: (context: Context<unknown>) => Generator, schedules = 300): void {
  const found = findFailure({ ...options, schedules }, run as never);
  if (found !== null) throw new Error(found.result.describe());
}

function echoed(n: number) {
  return (message: unknown) => (message as { n?: number }).n === n;
}

describe('simulated threads', () => {
  it('SIG-1 THR-1 messages cross in order and pids stay the same objects', () => {
    always(OPTIONS, function* (context) {
      const pids = [1, 2].map((thread) => context.spawn(body('echo'), [], { placement: { thread } }) as Pid<unknown>);
      for (let n = 0; n < 5; n++) for (const pid of pids) context.send(pid, { from: context.self, n });
      for (const pid of pids) {
        for (let n = 0; n < 5; n++) {
          const { by } = yield* receive<{ by: unknown }>((message) => {
            const reply = message as { n?: number; by?: unknown };
            return reply.by === pid;
          });
          if (by !== pid) throw new Error('another pid');
        }
        context.send(pid, 'stop');
      }
    });
  });

  it('DESIGN-5 records larger than the ring cross beside it, in order', () => {
    always(
      OPTIONS,
      function* (context) {
        const pid = context.spawn(body('echo'), [], { placement: { thread: 1 } }) as Pid<unknown>;
        const data = new Uint8Array(20_000).fill(7);
        for (let n = 0; n < 12; n++) context.send(pid, { from: context.self, n, data: n % 3 === 0 ? data : n });
        for (let n = 0; n < 12; n++) {
          const reply = yield* receive<{ n: number; data: unknown }>();
          if (reply.n !== n) throw new Error(`${reply.n}, not ${n}`);
          if (n % 3 === 0 && (reply.data as Uint8Array).length !== data.length) throw new Error('bytes are missing');
        }
        context.send(pid, 'stop');
      },
      60,
    );
  });

  it('LNK-6 MON-2 a remote spawn with monitor and link tells the real reason', () => {
    always(OPTIONS, function* (context) {
      context.trapExit(true);
      const watched = context.spawnMonitor(body('echo'), [], { placement: { thread: 1 } });
      const linked = context.spawnLink(body('echo'), [], { placement: { thread: 2 } }) as Pid<unknown>;
      context.send(watched.pid as Pid<unknown>, 'crash');
      context.send(linked, 'stop');
      const down = yield* receive<{ reason: { error: { message: string } } }>((message) =>
        isDown(message, watched.ref),
      );
      if (down.reason.error.message !== 'as told') throw new Error(JSON.stringify(down.reason));
      const exit = yield* receive<{ reason: unknown; from: unknown }>(isExit);
      if (exit.reason !== 'normal' || exit.from !== linked) throw new Error(JSON.stringify(exit.reason));
      if (yield* isProcessAlive(linked as Pid<never>)) throw new Error('the dead lives');
    });
  });

  it('SIG-7 a name of another thread is free before its owner is heard to be dead', () => {
    always(OPTIONS, function* (context) {
      for (const thread of [1, 2, 1]) {
        const made = context.spawnMonitor(body('named'), ['the name', context.self], { placement: { thread } });
        const { registered } = yield* receive<{ registered: boolean }>(
          (message) => 'registered' in (message as object),
        );
        if (!registered) throw new Error('the name is not free');
        if (context.whereis('the name') !== made.pid) throw new Error('the name leads elsewhere');
        context.send('the name', 'stop');
        yield* receive((message) => isDown(message, made.ref));
        if (context.whereis('the name') !== undefined) throw new Error('the name of a dead process');
      }
    });
  });

  it('THR-1 the death of a thread is heard once by each link and monitor, behind everything it had sent', () => {
    always({ ...OPTIONS, threadDeaths: 3 }, mourner);
  });

  it('THR-1 news of a thread that overtakes what it had sent is noticed', () => {
    class Hasty extends SimScheduler {
      override threadDown(...args: Parameters<Scheduler['threadDown']>): void {
        Scheduler.prototype.threadDown.apply(this, args);
      }
    }
    const wiring: Wiring = { scheduler: (...args) => new Hasty(...args) };
    const find = () => always({ ...OPTIONS, threadDeaths: 3, wiring, checks: false }, mourner, 5_000);
    expect(find).toThrow(/news from the dead|order|heard again/);
  });

  it('THR-1 exactly one DOWN and one EXIT come for each process of a dead thread', () => {
    const deviations = [[5, 'die 1']] as const;
    const result = simulate({ ...OPTIONS, deviations }, function* (context) {
      context.trapExit(true);
      const watched = context.spawnMonitor(body('echo'), [], { placement: { thread: 1 } });
      const linked = context.spawnLink(body('echo'), [], { placement: { thread: 1 } });
      const news: string[] = [];
      for (let count = 0; count < 2; count++) {
        const message = yield* receive<{ tag: string; reason: { tag: string; thread: number } }>(null);
        news.push(`${message.tag} ${message.reason.tag} ${message.reason.thread}`);
      }
      yield* receive((message) => message === 'never', { afterMs: 1_000 });
      const again = context.spawn(body('echo'), [], { placement: { thread: 1 } }) as Pid<unknown>;
      context.send(again, { from: context.self, n: 7 });
      yield* receive(echoed(7));
      context.send(again, 'stop');
      return { news: news.sort(), pids: [watched.pid, linked].map((pid) => pid.origin.incarnation) };
    });
    expect(result.value).toEqual({ news: ['DOWN threadDown 1', 'EXIT threadDown 1'], pids: [1, 1] });
    expect(result.deviations).toEqual(deviations);
  });

  it('R13 THR-1 a process without a link to a dead thread lives on, and one that does not is seen', () => {
    // Ends somebody else too when a linked process hears that its peer's thread has died.
    class Overkill extends SimScheduler {
      override receive(signal: Signal): void {
        super.receive(signal);
        if (signal.kind !== 'linkExit') return;
        for (const process of this.processes.values()) if (process.parent !== null) this.terminate(process, 'killed');
      }
    }
    const bystander = function* (context: Context<unknown>) {
      context.trapExit(true);
      context.spawn(function* idle() {
        yield* receive((message) => message === 'never', { afterMs: 20 });
      });
      context.spawnLink(body('echo'), [], { placement: { thread: 1 } });
      yield* receive(isExit);
    };
    const deviations = [[5, 'die 1']] as const;
    expect(simulate({ ...OPTIONS, deviations }, bystander).isOk).toBe(true);
    const wiring: Wiring = { scheduler: (...args) => new Overkill(...args) };
    expect(simulate({ ...OPTIONS, deviations, wiring }, bystander).failure).toMatchObject({ rule: 'R13' });
  });

  it('R17 the same seed is the same run, on several threads as well', () => {
    const run = (context: Context<unknown>) =>
      (function* () {
        const pid = context.spawn(body('echo'), [], { placement: 'any' }) as Pid<unknown>;
        for (let n = 0; n < 5; n++) context.send(pid, { from: context.self, n });
        for (let n = 0; n < 5; n++) yield* receive();
        context.send(pid, 'stop');
      })() as never;
    const hashes = [1, 2, 3, 3].map((seed) => simulate({ ...OPTIONS, seed, strategy: 'portfolio' }, run).hash);
    expect(hashes[2]).toBe(hashes[3]);
    expect(new Set(hashes).size).toBeGreaterThan(1);
  });
});
