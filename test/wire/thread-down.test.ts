import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Context, ProcessInfo } from '../../src/process/index.ts';
import type { Pid } from '../../src/term/index.ts';
import { Cluster, seenFrom } from './cluster.ts';

const DEATH = { culprit: null, culpritReason: null, cause: 'killed' };

describe('the death of a thread', () => {
  it('THR-1 what it had published counts, then each link and monitor hears once, whoever runs when', () => {
    fc.assert(
      fc.property(fc.nat(19), fc.array(fc.nat(2), { maxLength: 60 }), (published, order) => {
        const cluster = new Cluster(2);
        const dying = cluster.keeper(1);
        const keepers = [cluster.keeper(0), cluster.keeper(2)];
        for (const { context } of keepers) {
          context.trapExit(true);
          const pid = seenFrom(cluster.at(context.self.origin.thread), dying.context.self);
          context.link(pid);
          context.monitor(pid);
          context.monitor(pid);
        }
        cluster.settle();
        const others = keepers.map(({ context }) => seenFrom(cluster.at(1), context.self) as Pid<unknown>);
        for (let n = 0; n < 20; n++) {
          for (const to of others) dying.context.send(to, { n, pad: 'p'.repeat(60) });
          if (n === published) cluster.at(1).side.mesh.publish();
        }
        const origin = cluster.stopThread(1);
        for (const next of order.slice(0, 5)) cluster.turn(next);
        cluster.report(origin, DEATH);
        for (const next of order.slice(5)) cluster.turn(next);
        cluster.settle();
        const reason = { tag: 'threadDown', thread: 1, cause: 'killed' };
        for (const { context, got } of keepers) {
          const messages = got.filter((message) => (message as { pad?: string }).pad !== undefined);
          const news = got.slice(messages.length);
          expect(messages.map((message) => (message as { n: number }).n)).toEqual([...Array(messages.length).keys()]);
          // The ring holds about ten of them; at least what fitted was delivered.
          expect(messages.length).toBeGreaterThanOrEqual(Math.min(published + 1, 8));
          expect(messages.length).toBeLessThanOrEqual(published + 1);
          expect(news).toMatchObject([
            { tag: 'EXIT', reason },
            { tag: 'DOWN', reason },
            { tag: 'DOWN', reason },
          ]);
          const process = context as unknown as { links: { size: number }; monitors: { held: Map<unknown, unknown> } };
          expect(process.links.size + process.monitors.held.size).toBe(0);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('THR-1 the culprit is told apart from the others', () => {
    const cluster = new Cluster(2);
    const guilty = cluster.keeper(1).context;
    const innocent = cluster.keeper(1).context;
    const { context, got } = cluster.keeper(2);
    for (const { self } of [guilty, innocent]) context.monitor(seenFrom(cluster.at(2), self));
    cluster.settle();
    const reason = { tag: 'watchdog', ms: 1 };
    cluster.report(cluster.stopThread(1), { culprit: guilty.self.serial, culpritReason: reason, cause: reason });
    cluster.settle();
    expect(got.map((down) => (down as { reason: unknown }).reason)).toEqual([
      reason,
      { tag: 'threadDown', thread: 1, cause: reason },
    ]);
  });

  it('SIG-7 its names are free on every thread before anybody hears of the death', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2), { maxLength: 60 }), (order) => {
        const cluster = new Cluster(2);
        const dying = cluster.keeper(1).context;
        cluster.at(1).scheduler.register('bob', dying.self, () => {});
        cluster.settle();
        const heard: (string | undefined)[][] = [];
        for (const thread of [0, 2]) {
          const watcher = cluster.spawn(thread, {
            handle: () => {
              heard.push(cluster.seats.map((seat) => seat?.scheduler.whereis('bob')?.toString()));
            },
          });
          watcher.monitor(seenFrom(cluster.at(thread), dying.self));
        }
        cluster.settle();
        cluster.report(cluster.stopThread(1), DEATH);
        for (const next of order) cluster.turn(next);
        cluster.settle();
        expect(heard).toEqual(Array(2).fill([undefined, undefined, undefined]));
      }),
      { numRuns: 60 },
    );
  });

  it('DST-3 the next incarnation is heard only after the death of the last has been told', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { maxLength: 100 }), fc.nat(20), fc.nat(20), (order, reportAt, startAt) => {
        const cluster = new Cluster(3);
        const watchers = [0, 2, 3].map((thread) => cluster.keeper(thread));
        const dying = cluster.keeper(1).context;
        for (const { context } of watchers) {
          context.monitor(seenFrom(cluster.at(context.self.origin.thread), dying.self));
        }
        cluster.settle();
        const origin = cluster.stopThread(1);
        const start = () => {
          cluster.start(1);
          const reborn = cluster.keeper(1).context;
          for (const { context } of watchers) {
            reborn.send(seenFrom(cluster.at(1), context.self) as Pid<unknown>, 'next life');
          }
        };
        for (let step = 0; step <= Math.max(order.length, 20); step++) {
          if (step === reportAt) cluster.report(origin, DEATH);
          if (step === startAt) start();
          cluster.turn(order[step] ?? 0);
        }
        cluster.settle();
        for (const { got } of watchers) expect(got).toMatchObject([{ tag: 'DOWN' }, 'next life']);
      }),
    );
  });

  it('what is sent to the slot waits for its next incarnation, in order, and an early link is seen to die', () => {
    const cluster = new Cluster(2);
    const { context, got } = cluster.keeper(2);
    context.trapExit(true);
    cluster.code.echo = {
      handle: (_: unknown, message: { from: Pid<unknown>; n: number }, self: Context<unknown>) =>
        self.send(message.from, message.n),
    };
    cluster.report(cluster.stopThread(1), DEATH);
    cluster.settle();
    const start = () =>
      context.spawnLink({ module: 'virtual:test', export: 'echo' }, [], { placement: { thread: 1 } }) as Pid<unknown>;
    const echo = start();
    for (let n = 0; n < 100; n++) context.send(echo, { from: context.self, n });
    cluster.settle();
    expect(got).toEqual([]);
    cluster.start(1);
    cluster.settle();
    expect(got).toEqual([...Array(100).keys()]);
    // This incarnation dies, and the next before it was born.
    cluster.report(cluster.stopThread(1), DEATH);
    cluster.settle();
    start();
    cluster.start(1);
    cluster.report(cluster.stopThread(1), DEATH);
    cluster.settle();
    expect(got.slice(100)).toMatchObject([{ tag: 'EXIT' }, { tag: 'EXIT' }]);
  });

  it('SIG-6 answers what was asked of it, and LNK-4, MON-2 what is asked later', () => {
    const cluster = new Cluster(2);
    const dying = cluster.keeper(1).context;
    const { context, got } = cluster.keeper(2);
    context.trapExit(true);
    const { scheduler } = cluster.at(2);
    const pid = seenFrom(cluster.at(2), dying.self);
    const timer = context.sendAfter(10, pid, 'never');
    const answers: unknown[] = [];
    const origin = cluster.stopThread(1);
    scheduler.processInfo(context as never, pid, false, (info: ProcessInfo | undefined) => answers.push(info));
    cluster.settle();
    expect(answers).toEqual([]);
    cluster.report(origin, DEATH);
    cluster.settle();
    expect(answers).toEqual([undefined]);
    expect(context.cancelTimer(timer)).toBe(false);
    context.link(pid);
    context.monitor(pid);
    context.send(pid as Pid<unknown>, 'gone');
    scheduler.processInfo(context as never, pid, false, (info) => answers.push(info));
    cluster.settle();
    expect(got).toMatchObject([
      { tag: 'EXIT', reason: 'noproc' },
      { tag: 'DOWN', reason: 'noproc' },
    ]);
    expect(answers).toEqual([undefined, undefined]);
  });

  it('several threads may die at once; nobody waits for the dead', () => {
    const cluster = new Cluster(4);
    const survivor = cluster.keeper(4);
    for (const thread of [1, 2, 3]) {
      const { context } = cluster.keeper(thread);
      cluster.at(thread).scheduler.register(`name${thread}`, context.self, () => {});
      survivor.context.monitor(seenFrom(cluster.at(4), context.self));
    }
    cluster.settle();
    const origins = [1, 2, 3].map((thread) => cluster.stopThread(thread));
    const results: unknown[] = [];
    cluster.at(4).scheduler.register('late', survivor.context.self, (result) => results.push(result));
    for (let n = 0; n < 50; n++) for (const thread of [0, 4]) cluster.turn(thread);
    expect(results).toEqual([]);
    for (const origin of origins) cluster.report(origin, DEATH);
    cluster.settle();
    expect(results).toEqual([{ ok: true }]);
    expect(survivor.got).toHaveLength(3);
    expect(cluster.at(4).scheduler.names.size).toBe(1);
  });
});
