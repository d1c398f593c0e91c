import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Context, RegisterResult } from '../../src/process/index.ts';
import { type AnyPid, Pid } from '../../src/term/index.ts';
import { Cluster, seenFrom } from './cluster.ts';

interface Outcome {
  result?: RegisterResult;
  /** Threads that resolved the name at the moment of completion. */
  knownBy?: number;
}

function register(cluster: Cluster, thread: number, name: string, pid: AnyPid): Outcome {
  const outcome: Outcome = {};
  const { scheduler } = cluster.at(thread);
  scheduler.register(name, seenFrom(cluster.at(thread), pid), (result) => {
    outcome.result = result;
    outcome.knownBy = cluster.seats.filter((seat) => seat?.scheduler.whereis(name)?.serial === pid.serial).length;
  });
  return outcome;
}

/** The pid that the same minter would have given next, but whose spawn it never published. */
function phantom(pid: AnyPid): AnyPid {
  return new Pid(pid.origin, pid.serial + 2) as AnyPid;
}

function whereis(cluster: Cluster, name: string): (string | undefined)[] {
  return cluster.seats.map((seat) => seat?.scheduler.whereis(name)?.toString());
}

describe('names on many threads', () => {
  it.each([0, 1, 2])(
    'REG-1 a registration asked for on thread %i is complete when every thread has applied it',
    (asker) => {
      for (const home of [0, 1, 2]) {
        const cluster = new Cluster(2);
        const { context } = cluster.keeper(home);
        const outcome = register(cluster, asker, 'bob', context.self);
        cluster.settle();
        expect(outcome).toEqual({ result: { ok: true }, knownBy: 3 });
        expect(cluster.at(home).scheduler.names.nameOf(context.self)).toBe('bob');
        expect(whereis(cluster, 'bob')).toEqual(Array(3).fill(context.self.toString()));
      }
    },
  );

  it('REG-1 refuses a name that is taken, a process that has one, a dead process and a bad name', () => {
    const cluster = new Cluster(2);
    const a = cluster.keeper(1).context;
    const b = cluster.keeper(2).context;
    const dead = cluster.spawn(2, () => {});
    register(cluster, 1, 'a', a.self);
    cluster.settle();
    for (const asker of [0, 1, 2]) {
      const tries: [string, AnyPid][] = [
        ['a', b.self],
        ['other', a.self],
        ['third', dead.self],
        ['', b.self],
      ];
      const errors = tries.map(([name, pid]) => {
        const outcome = register(cluster, asker, name, pid);
        cluster.settle();
        const { result } = outcome;
        return result?.ok === false && result.error;
      });
      expect(errors).toEqual(['alreadyRegistered', 'hasName', 'noproc', 'badName']);
    }
    // Nothing of what was refused stays behind.
    expect(register(cluster, 2, 'b', b.self).result).toBeUndefined();
    cluster.settle();
    expect(whereis(cluster, 'b')).toEqual(Array(3).fill(b.self.toString()));
  });

  it.each([0, 2])('REG-1 a process on thread %i can be registered before its spawn has arrived there', (home) => {
    const cluster = new Cluster(3);
    cluster.code.sleeper = { handle: (state: unknown) => state };
    const spawner = cluster.keeper(1).context;
    const pid = spawner.spawn({ module: 'virtual:test', export: 'sleeper' }, [], { placement: { thread: home } });
    // The pid overtakes the spawn by way of a third thread.
    const outcome = register(cluster, 3, 'early', pid);
    const never = register(cluster, 3, 'never', phantom(pid));
    for (let n = 0; n < 20; n++) for (const thread of [3, 0, 2]) cluster.turn(thread);
    expect(outcome.result).toBeUndefined();
    cluster.turn(1);
    cluster.settle();
    expect(outcome).toEqual({ result: { ok: true }, knownBy: 4 });
    expect(never.result).toBeUndefined();
    cluster.report(cluster.stopThread(1));
    cluster.settle();
    expect(never.result).toEqual({ ok: false, error: 'noproc' });
  });

  it('two threads that want one name at once: exactly one gets it', () => {
    const cluster = new Cluster(3);
    const outcomes = [1, 2, 3].map((thread) => register(cluster, thread, 'x', cluster.keeper(thread).context.self));
    cluster.settle();
    expect(outcomes.filter(({ result }) => result?.ok)).toHaveLength(1);
  });

  it.each([0, 1, 2])('SIG-7 the name of a process on thread %i is free everywhere before news of its death', (home) => {
    fc.assert(
      fc.property(fc.array(fc.nat(2), { maxLength: 60 }), (order) => {
        const cluster = new Cluster(2);
        const { context } = cluster.keeper(home);
        const watcher = cluster.spawn(2, {
          handle: () => {
            expect(whereis(cluster, 'bob')).toEqual([undefined, undefined, undefined]);
          },
        });
        watcher.trapExit(true);
        watcher.link(seenFrom(cluster.at(2), context.self));
        watcher.monitor(seenFrom(cluster.at(2), context.self));
        register(cluster, home, 'bob', context.self);
        // It may die while its registration is under way.
        for (const next of order.slice(0, 10)) cluster.turn(next);
        const killer = cluster.keeper(home).context;
        killer.exit(context.self, 'kill');
        for (const next of order.slice(10)) cluster.turn(next);
        cluster.settle();
        expect((watcher as unknown as { reductions: number }).reductions).toBe(2);
        expect(whereis(cluster, 'bob')).toEqual([undefined, undefined, undefined]);
      }),
      { numRuns: 60 },
    );
  });

  it('unregister frees the name everywhere and says whether there was one; the process can take another', () => {
    const cluster = new Cluster(2);
    const { context } = cluster.keeper(1);
    register(cluster, 2, 'bob', context.self);
    cluster.settle();
    const answers: boolean[] = [];
    cluster.at(2).scheduler.unregister('bob', (existed) => answers.push(existed));
    cluster.at(2).scheduler.unregister('bob', (existed) => answers.push(existed));
    cluster.settle();
    // The second is answered at once, the first when everybody has applied it.
    expect(answers).toEqual([false, true]);
    const outcome = register(cluster, 1, 'rob', context.self);
    cluster.settle();
    expect(outcome.result).toEqual({ ok: true });
  });

  it('a thread that starts later knows every name before it runs anything', () => {
    const cluster = new Cluster(2);
    const { context } = cluster.keeper(1);
    register(cluster, 1, 'bob', context.self);
    cluster.settle();
    const dead = cluster.stopThread(2);
    cluster.report(dead);
    cluster.settle();
    // One thread that the newcomer hears early, and one that it hears late.
    const seen: unknown[] = [];
    cluster.code.looker = ((self: Context<unknown>) => {
      seen.push(self.whereis('bob')?.toString());
    }) as never;
    for (const thread of [0, 1]) {
      const spawner = cluster.keeper(thread).context;
      spawner.spawn({ module: 'virtual:test', export: 'looker' }, [], { placement: { thread: 2 } });
    }
    cluster.turn(1);
    cluster.start(2);
    for (const thread of [1, 2, 2, 1, 2]) cluster.turn(thread);
    expect(seen).toEqual([]);
    cluster.settle();
    expect(seen).toEqual([context.self.toString(), context.self.toString()]);
  });

  it('SIG-5 a message to a name reaches its process on another thread', () => {
    const cluster = new Cluster(2);
    const { context, got } = cluster.keeper(1);
    register(cluster, 1, 'bob', context.self);
    cluster.settle();
    const sender = cluster.keeper(2).context;
    sender.send('bob', 'hello');
    cluster.settle();
    expect(got).toEqual(['hello']);
    expect(() => sender.send('nobody', 1)).toThrow('nobody');
    expect((context.self as Pid<unknown>).toString()).toContain('<1.1.');
  });
});
