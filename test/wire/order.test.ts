import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Context, type Effects, pause, receive, TIMEOUT } from '../../src/process/index.ts';
import type { Pid } from '../../src/term/index.ts';
import { Cluster, seenFrom } from './cluster.ts';

/** What one process does to another, in order, and what the other must see, in the same order. */
type Step = { readonly kind: 'small' | 'large' | 'huge' | 'exit' | 'alias' | 'monitor' | 'linkUnlink' | 'spawn' };

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom<Step['kind']>('small', 'large', 'huge', 'exit', 'alias', 'monitor', 'linkUnlink', 'spawn'),
  }),
  { minLength: 1, maxLength: 60 },
);
/** Whose turn it is; the rest is settled at the end. */
const turns = fc.array(fc.nat(2), { maxLength: 200 });

function perform(context: Context<unknown>, to: Pid<unknown>, step: Step, n: number): unknown {
  switch (step.kind) {
    case 'small':
      context.send(to, n);
      return n;
    case 'large':
      context.send(to, { n, text: 'y'.repeat(180) });
      return { n, text: 'y'.repeat(180) };
    case 'huge':
      // More than its share of a ring of 1,024 bytes: it travels beside the ring.
      context.send(to, { n, bytes: new Uint8Array(3000).fill(n) });
      return { n, bytes: new Uint8Array(3000).fill(n) };
    case 'exit':
      context.exit(to, { n });
      return { tag: 'EXIT', from: context.self, reason: { n } };
    case 'alias':
      context.send(to, { n, alias: context.alias() });
      return { n };
    case 'monitor':
      context.demonitor(context.monitor(to));
      return null;
    case 'linkUnlink':
      context.link(to);
      context.unlink(to);
      return null;
    case 'spawn':
      context.spawn({ module: 'virtual:test', export: 'teller' }, [to, n], { placement: { thread: to.origin.thread } });
      return { told: n };
  }
}

function simplified(message: unknown): unknown {
  const { n, alias, tag, reason } = message as Record<string, unknown>;
  if (alias !== undefined) return { n };
  return tag === 'EXIT' ? { tag, from: 'x', reason } : message;
}

describe('order on the wire', () => {
  it('SIG-1 nothing of one pair overtakes anything, with full rings and oversize records, whoever runs when', () => {
    fc.assert(
      fc.property(steps, turns, (list, order) => {
        const cluster = new Cluster(2);
        cluster.code.teller = ((context: Context<unknown>, to: Pid<unknown>, n: number) =>
          context.send(to, { told: n })) as never;
        const receiver = cluster.keeper(2);
        receiver.context.trapExit(true);
        const sender = cluster.keeper(1);
        const to = seenFrom(cluster.at(1), receiver.context.self) as Pid<unknown>;
        const wanted: unknown[] = [];
        list.forEach((step, n) => {
          const seen = perform(sender.context, to, step, n % 100);
          if (seen !== null) wanted.push(simplified(seen));
          const next = order[n];
          if (next !== undefined) cluster.turn(next);
        });
        for (const next of order) cluster.turn(next);
        cluster.settle();
        // A spawned teller runs after its spawn has arrived: its message is ordered among its own, not among the sender's.
        const told = (message: unknown) => (message as { told?: number } | null)?.told !== undefined;
        const got = receiver.got.map(simplified);
        expect(got.filter((message) => !told(message))).toEqual(wanted.filter((message) => !told(message)));
        expect(got.filter(told)).toEqual(wanted.filter(told));
      }),
      { numRuns: 150 },
    );
  });

  it('stops at the marker of an oversize record until it has come, and lets nothing pass', () => {
    const cluster = new Cluster(2);
    const receiver = cluster.keeper(2);
    const sender = cluster.keeper(1);
    const to = seenFrom(cluster.at(1), receiver.context.self) as Pid<unknown>;
    cluster.holdsAside = true;
    sender.context.send(to, 1);
    sender.context.send(to, new Uint8Array(5000));
    sender.context.send(to, 2);
    cluster.settle();
    expect(receiver.got).toEqual([1]);
    cluster.holdsAside = false;
    cluster.at(2).isTurnWanted = true;
    cluster.settle();
    expect(receiver.got).toEqual([1, new Uint8Array(5000), 2]);
  });

  it('bounds what is under way beside a ring', () => {
    const cluster = new Cluster(2, { outboxBytesMax: 1_000_000_000 });
    const receiver = cluster.keeper(2);
    const sender = cluster.keeper(1);
    const to = seenFrom(cluster.at(1), receiver.context.self) as Pid<unknown>;
    cluster.holdsAside = true;
    for (let n = 0; n < 50; n++) sender.context.send(to, new Uint8Array(1000).fill(n));
    cluster.settle();
    const under = (cluster as unknown as { aside: Map<string, unknown[]> }).aside.get('1.1>2.1') ?? [];
    expect(under.length).toBe(8);
    cluster.holdsAside = false;
    cluster.at(2).isTurnWanted = true;
    cluster.settle();
    expect(receiver.got.map((bytes) => (bytes as Uint8Array)[0])).toEqual([...Array(50).keys()]);
  });

  it('forgets its key lists on both sides at once when there are too many', () => {
    const cluster = new Cluster(2, { outboxBytesMax: 1_000_000_000 });
    const receiver = cluster.keeper(2);
    const sender = cluster.keeper(1);
    const to = seenFrom(cluster.at(1), receiver.context.self) as Pid<unknown>;
    // Each key list twice, so that the second refers to the first.
    const messages = Array.from({ length: 12_000 }, (_, n) => ({ [`k${n >> 1}`]: n, same: 1 }));
    for (const message of messages) sender.context.send(to, message);
    cluster.settle();
    expect(receiver.got).toEqual(messages);
  });

  it('reads nothing behind a marker, so that memory stays bounded while its record is missing', () => {
    const cluster = new Cluster(2, { outboxBytesMax: 1_000_000_000 });
    const receiver = cluster.keeper(2);
    const sender = cluster.keeper(1);
    const to = seenFrom(cluster.at(1), receiver.context.self) as Pid<unknown>;
    cluster.holdsAside = true;
    sender.context.send(to, new Uint8Array(5000));
    for (let n = 0; n < 1000; n++) {
      sender.context.send(to, 'x'.repeat(50));
      cluster.at(2).isTurnWanted = true;
      if (n % 10 === 0) cluster.settle();
    }
    const [link] = (
      cluster.at(1).side.mesh as unknown as { links: { outbox: { backlogBytes: number } }[] }
    ).links.slice(2);
    expect(link.outbox.backlogBytes).toBeGreaterThan(50_000);
    cluster.holdsAside = false;
    cluster.at(2).isTurnWanted = true;
    cluster.settle();
    expect(receiver.got).toHaveLength(1001);
  });

  it.each([true, false])(
    'a message that is no term is refused in the sender, and what follows is whole (strict: %o)',
    (isStrict) => {
      const cluster = new Cluster(2, {}, isStrict);
      const receiver = cluster.keeper(2);
      const sender = cluster.keeper(1);
      const to = seenFrom(cluster.at(1), receiver.context.self) as Pid<unknown>;
      sender.context.send(to, { a: 1 });
      expect(() => sender.context.send(to, { b: [{ fresh: 1 }, () => {}] })).toThrow('a function');
      sender.context.send(to, { fresh: 2 });
      cluster.settle();
      expect(receiver.got).toEqual([{ a: 1 }, { fresh: 2 }]);
    },
  );

  it('0-6 a timer whose message could not cross when it fires is refused when it is started', () => {
    const cluster = new Cluster(2, {}, false);
    const { context } = cluster.keeper(1);
    const far = seenFrom(cluster.at(1), cluster.keeper(2).context.self);
    expect(() => context.sendAfter(1, far, () => {})).toThrow('a function');
    expect(() => context.sendAfter(1, 'some name', () => {})).toThrow('a function');
    expect(() => context.sendAfter(1, context.self, () => {})).not.toThrow();
  });

  it('an exit reason that is no term becomes the error that says so', () => {
    const cluster = new Cluster(2);
    const receiver = cluster.keeper(2);
    receiver.context.trapExit(true);
    const sender = cluster.keeper(1);
    const to = seenFrom(cluster.at(1), receiver.context.self) as Pid<unknown>;
    sender.context.exit(to, new Error('boom'));
    cluster.settle();
    expect(receiver.got).toMatchObject([{ tag: 'EXIT', reason: { tag: 'error', error: { message: 'boom' } } }]);
  });
});

describe('a full outbox', () => {
  /** Arguments are frozen, so what the body notes is a closure's. */
  const flood = (to: Pid<unknown>, count: number, sent: number[] = []) =>
    function* (context: Context<unknown>): Effects<void> {
      for (let n = 0; n < count; n++) {
        context.send(to, { n, text: 'z'.repeat(100) });
        sent.push(n);
        if (n % 10 === 9) yield* receive(() => false, { afterMs: 0 });
      }
    } as never;

  it('holds the process that fills it past its bound, loses nothing, and lets others and exits pass', () => {
    const cluster = new Cluster(2, { outboxBytesMax: 5_000 });
    const receiver = cluster.keeper(2);
    receiver.context.trapExit(true);
    const to = seenFrom(cluster.at(1), receiver.context.self) as Pid<unknown>;
    const sent: number[] = [];
    const flooder = cluster.spawn(1, flood(to, 1_000, sent));
    for (let n = 0; n < 50; n++) cluster.turn(1);
    expect(sent.length).toBeGreaterThan(30);
    expect(sent.length).toBeLessThan(100);
    const other = cluster.keeper(1);
    other.context.exit(to, 'still');
    cluster.settle();
    expect(sent.length).toBe(1_000);
    expect(receiver.got.filter((message) => (message as { tag?: string }).tag === undefined)).toHaveLength(1_000);
    expect(receiver.got.some((message) => (message as { reason?: string }).reason === 'still')).toBe(true);
    expect((flooder as unknown as { isAlive: boolean }).isAlive).toBe(false);
  });

  it('a held handler goes on with its next message, and a held generator behind its effect', () => {
    const cluster = new Cluster(2, { outboxBytesMax: 2_000 });
    const receiver = cluster.keeper(2);
    const to = seenFrom(cluster.at(1), receiver.context.self) as Pid<unknown>;
    const handler = cluster.spawn(1, {
      handle: (seen: number, n: unknown, context: Context<unknown>) => {
        context.send(to, { n, pad: 'z'.repeat(200) });
        return seen + 1;
      },
    });
    const got: unknown[] = [];
    const generator = cluster.spawn(1, function* (context: Context<unknown>): Effects<void> {
      for (;;) {
        const message = yield* receive();
        got.push(message);
        context.send(to, { n: message, pad: 'z'.repeat(200) });
        yield* pause();
        got.push((yield* receive(() => false, { afterMs: 0 })) === TIMEOUT);
      }
    } as never);
    const sender = cluster.keeper(1);
    for (let n = 0; n < 100; n++) {
      sender.context.send(handler.self, n);
      sender.context.send(generator.self, n);
    }
    cluster.settle();
    const numbers = [...Array(100).keys()];
    const from = receiver.got.map((message) => (message as { n: number }).n);
    expect(from.toSorted((a, b) => a - b)).toEqual(numbers.flatMap((n) => [n, n]));
    expect(got).toEqual(numbers.flatMap((n) => [n, true]));
  });

  it('a held process can be killed, and the death of the slow thread frees those it held', () => {
    const cluster = new Cluster(2, { outboxBytesMax: 2_000 });
    const receiver = cluster.keeper(2);
    const to = seenFrom(cluster.at(1), receiver.context.self) as Pid<unknown>;
    const killed = cluster.spawn(1, flood(to, 500));
    const freed = cluster.spawn(1, flood(to, 500));
    for (let n = 0; n < 50; n++) cluster.turn(1);
    const isAlive = (context: Context<unknown>) => (context as unknown as { isAlive: boolean }).isAlive;
    cluster.keeper(1).context.exit(killed.self, 'kill');
    expect(isAlive(killed)).toBe(false);
    const dead = cluster.stopThread(2);
    cluster.turn(1);
    expect(isAlive(freed)).toBe(true);
    cluster.report(dead);
    cluster.settle();
    // Its sends vanish; it comes to its own end.
    expect(isAlive(freed)).toBe(false);
  });
});
