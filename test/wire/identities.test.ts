import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/process/index.ts';
import { Pid, Ref } from '../../src/term/index.ts';
import { Identities } from '../../src/wire/index.ts';
import { Cluster, seenFrom } from './cluster.ts';

const HERE = { node: 'n', thread: 1, incarnation: 1 };

describe('identities', () => {
  it('gives one object per origin, pid and ref', () => {
    const identities = new Identities(HERE);
    const origin = identities.originOf('n', 2, 1);
    expect(identities.originOf('n', 2, 1)).toBe(origin);
    expect(identities.originOf('n', 1, 1)).toBe(HERE);
    expect(identities.originOf('n', 2, 2)).not.toBe(origin);
    expect(identities.pid(origin, 5)).toBe(identities.pid(origin, 5));
    expect(identities.pid(origin, 5)).not.toBe(identities.pid(origin, 5 + 256));
    expect(identities.ref(origin, 5)).toBe(identities.ref(origin, 5));
    expect(identities.ref(origin, 5)).toBeInstanceOf(Ref);
  });

  it('finds an own pid that was exported and has died, and an own living one in the process table', () => {
    const identities = new Identities(HERE);
    const living = new Pid<never>(HERE, 4);
    identities.findOwn = (serial) => (serial === 4 ? living : undefined);
    const dead = new Pid<never>(HERE, 6);
    identities.exportPid(dead);
    for (let n = 0; n < 1000; n++) identities.exportPid(new Pid<never>(HERE, 1000 + 2 * n));
    expect(identities.pid(HERE, 6)).toBe(dead);
    expect(identities.pid(HERE, 4)).toBe(living);
  });

  it('remembers an exported pid that had been met while it lived', () => {
    const identities = new Identities(HERE);
    const pid = new Pid<never>(HERE, 4);
    identities.findOwn = () => pid;
    identities.pid(HERE, 4);
    identities.exportPid(pid);
    identities.findOwn = () => undefined;
    identities.pid(HERE, 4 + 256);
    expect(identities.pid(HERE, 4)).toBe(pid);
  });

  it('forgets what nobody holds', async () => {
    const identities = new Identities(HERE);
    const origin = identities.originOf('n', 2, 1);
    const kept = identities.ref(origin, 0);
    for (let n = 1; n < 5_000; n++) {
      identities.ref(origin, n);
      identities.pid(origin, n);
    }
    const before = identities.size;
    for (let round = 0; round < 20 && identities.size > before / 10; round++) {
      await new Promise((resolve) => setImmediate(resolve));
      globalThis.gc?.();
      Array.from({ length: 100_000 }, () => ({}));
      identities.sweep();
    }
    if (globalThis.gc !== undefined) expect(identities.size).toBeLessThan(before / 10);
    expect(identities.ref(origin, 0)).toBe(kept);
  });
});

describe('identities across threads', () => {
  it('pids, refs and Map keys are the same objects after A -> B -> A, of living and of dead processes', () => {
    const cluster = new Cluster(2);
    const echo = cluster.spawn(2, {
      handle: (_: unknown, message: { from: Pid<unknown> }, context: Context<unknown>) =>
        context.send(message.from, message),
    });
    const { context, got } = cluster.keeper(1);
    const dead = cluster.spawn(1, () => {});
    cluster.settle();
    const ref = context.makeRef();
    const to = seenFrom(cluster.at(1), echo.self) as Pid<unknown>;
    const map = new Map<unknown, string>([
      [context.self, 'self'],
      [dead.self, 'dead'],
      [ref, 'ref'],
      [to, 'to'],
    ]);
    context.send(to, { from: context.self, dead: dead.self, ref, to, map });
    cluster.settle();
    const back = got[0] as { from: unknown; dead: unknown; ref: unknown; to: unknown; map: Map<unknown, string> };
    expect(back.from).toBe(context.self);
    expect(back.dead).toBe(dead.self);
    expect(back.ref).toBe(ref);
    expect(back.to).toBe(to);
    expect([...back.map].every(([key, value]) => map.get(key) === value)).toBe(true);
  });

  it('ALI-1 an alias that comes back still reaches its creator, once in reply mode', () => {
    const cluster = new Cluster(2);
    const replier = cluster.spawn(2, {
      handle: (_: unknown, alias: Ref, context: Context<unknown>) => {
        context.send(alias, 'first');
        context.send(alias, 'second');
      },
    });
    const { context, got } = cluster.keeper(1);
    const to = seenFrom(cluster.at(1), replier.self) as Pid<unknown>;
    context.send(to, context.alias('reply'));
    cluster.settle();
    expect(got).toEqual(['first']);
    context.send(to, context.alias());
    cluster.settle();
    expect(got).toEqual(['first', 'first', 'second']);
  });
});
