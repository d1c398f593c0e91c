// Looking at a running system: everything is seen, nothing stays behind, what is traced goes on as before.
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { dynamicSupervisor, startChild, startLink, supervisor } from '../../src/behaviours/index.ts';
import { processes, SHOWN_MAX, showTerm, supervisionTree, type Traced, top, trace } from '../../src/observe.ts';
import { type Context, type Effects, isProcessAlive, receive } from '../../src/process/index.ts';
import type { Scheduler } from '../../src/scheduler/index.ts';
import { startSystem } from '../../src/start.ts';
import type { System } from '../../src/system/index.ts';
import { type AnyPid, Pid } from '../../src/term/index.ts';
import type { ThreadsEngine } from '../../src/threads/index.ts';
import { BUSY, IDLE } from '../actors/observed.ts';
import { at } from '../threads/fixture.ts';

const started = (threads: number): Promise<System> => startSystem({ threads, logger: 'silent' });
const places = (threads: number): readonly number[] => (threads === 0 ? [0, 0] : [1, 2]);

/** Waits until every idle actor answers: it has set its label. */
function settled(system: System, pids: readonly AnyPid[]): Promise<void> {
  return system.run(function* ask(context: Context<unknown>): Effects<void> {
    for (const pid of pids) {
      context.send(pid as Pid<unknown>, { from: context.self });
      yield* receive((message) => message === 'pong');
    }
  });
}

describe.each([0, 2])('on %i data threads', (threads) => {
  it('OBS-1 shows the processes of every thread, itself not among them, and leaves none behind', async () => {
    await using system = await started(threads);
    const idle = places(threads).map((thread) => system.spawn(IDLE, [], at(thread)));
    await settled(system, idle);
    for (let look = 0; look < 3; look++) {
      const all = await processes(system);
      const found = all.filter(({ label }) => label === 'idle');
      expect(found.map(({ pid }) => pid)).toEqual(idle);
      expect(found.map(({ thread }) => thread)).toEqual(places(threads));
      expect(found.every(({ status }) => status === 'waiting')).toBe(true);
      expect(all.filter(({ initialCall }) => initialCall.includes('observer'))).toEqual([]);
    }
    expect(await processes(system, 1)).toHaveLength(threads === 0 ? 1 : 3);
  });

  it('OBS-2 ranks by what was done within the window, not since the start', async () => {
    await using system = await started(threads);
    const [first, second] = places(threads);
    const idle = system.spawn(IDLE, [], at(first));
    const busy = system.spawn(BUSY, [], at(second));
    await settled(system, [idle]);
    const [row, ...others] = await top(system, { windowMs: 30, limit: 3 });
    expect(row.pid === busy).toBe(true);
    expect(row.reductionsInWindow).toBeGreaterThan(100);
    expect(row.reductions).toBeGreaterThanOrEqual(row.reductionsInWindow);
    expect(others.map(({ pid }) => pid)).not.toContain(idle);
    const flood = system.run(function* fill(context: Context<unknown>): Effects<void> {
      for (let n = 0; n < 50; n++) context.send(idle as Pid<unknown>, n);
      yield* receive(null, { afterMs: 0 });
    });
    const [full] = await top(system, { by: 'mailbox', windowMs: 30 });
    await flood;
    expect([full.pid === idle, full.messageQueueLength]).toEqual([true, 50]);
  });

  it('TRC-1 tells of sends, receives, starts and ends, and costs nothing when it is over', async () => {
    await using system = await started(threads);
    const [, thread] = places(threads);
    const idle = system.spawn(IDLE, [], at(thread));
    await settled(system, [idle]);
    const events: Traced[] = [];
    const tracing = await trace(system, { pids: [idle] }, (event) => void events.push(event));
    await settled(system, [idle]);
    system.exit(idle, 'kill');
    await vi.waitFor(() => expect(events.map(({ kind }) => kind)).toContain('exit'));
    await tracing.stop();
    const story = events.filter(({ thread: where }) => where === thread);
    expect(story.map(({ kind }) => kind).filter((kind) => kind !== 'down')).toEqual(
      expect.arrayContaining(['receive', 'send', 'exit']),
    );
    const [answer] = story.filter(({ kind, pid }) => kind === 'send' && pid === idle);
    expect(answer.other).toBeInstanceOf(Pid);
    expect(story.find(({ kind }) => kind === 'receive')?.detail).toContain(`from: ${answer.other}`);
    expect(story.find(({ kind }) => kind === 'receive')?.detail).toContain('from: ');
    const exit = story.find(({ kind }) => kind === 'exit');
    expect([exit?.pid === idle, exit?.detail]).toEqual([true, '"killed"']);
    const { length } = events;
    await settled(system, [system.spawn(IDLE, [], at(thread))]);
    expect(events).toHaveLength(length);
    expect((system.engine.scheduler as Scheduler).tracer).toBeNull();
  });

  it('TRC-1 tells of ties that come with a start as of those that are made later, and of their end', async () => {
    await using system = await started(threads);
    const [, thread] = places(threads);
    const events: Traced[] = [];
    const kinds = ['link', 'unlink', 'monitor', 'demonitor'] as const;
    const tracing = await trace(system, { kinds }, (event) => void events.push(event));
    const self = await system.run(function* (context: Context<unknown>): Effects<AnyPid> {
      const linked = context.spawnLink(IDLE, [], at(thread));
      context.unlink(linked);
      context.link(linked);
      const { ref, pid } = context.spawnMonitor(IDLE, [], at(thread));
      context.demonitor(ref);
      context.demonitor(context.monitor(pid));
      context.unlink(linked);
      context.exit(linked, 'kill');
      context.exit(pid, 'kill');
      yield* isProcessAlive(pid);
      return context.self;
    });
    const ties = () => events.filter(({ pid }) => pid === self).map(({ kind }) => kind);
    await vi.waitFor(() => expect(ties()).toHaveLength(8));
    await tracing.stop();
    expect(ties()).toEqual(['link', 'unlink', 'link', 'monitor', 'demonitor', 'monitor', 'demonitor', 'unlink']);
  });

  it('TRC-1 two traces at a time both tell, and the end of one is not the end of the other', async () => {
    await using system = await started(threads);
    const [, thread] = places(threads);
    const seen: [number, number] = [0, 0];
    const first = await trace(system, {}, () => void seen[0]++);
    const second = await trace(system, { kinds: ['spawn'] }, () => void seen[1]++);
    const before = seen[0];
    await settled(system, [system.spawn(IDLE, [], at(thread))]);
    await vi.waitFor(() => expect(seen[0] > before && seen[1] > 0).toBe(true));
    await second.stop();
    const [sofar, after] = seen;
    await settled(system, [system.spawn(IDLE, [], at(thread))]);
    await vi.waitFor(() => expect(seen[0]).toBeGreaterThan(sofar));
    await first.stop();
    expect(seen[1]).toBe(after);
    expect((system.engine.scheduler as Scheduler).tracer).toBeNull();
  });

  it('TRC-1 tells of everything that was before its end, also of the last moment', async () => {
    await using system = await started(threads);
    const seen: AnyPid[] = [];
    const tracing = await trace(system, { kinds: ['spawn'] }, ({ pid }) => pid !== null && seen.push(pid));
    const pids = places(threads).map((thread) => system.spawn(IDLE, [], at(thread)));
    await settled(system, pids);
    await tracing.stop();
    for (const pid of pids) expect(seen).toContain(pid);
  });

  it('TRC-1 sends no more than so many a second, and counts what it leaves out', async () => {
    await using system = await started(threads);
    const [, thread] = places(threads);
    let seen = 0;
    const busy = system.spawn(IDLE, [], at(thread));
    const tracing = await trace(system, { kinds: ['receive'], perSecond: 10 }, () => seen++);
    for (let n = 0; n < 50; n++) await settled(system, [busy]);
    await vi.waitFor(() => expect(tracing.dropped).toBeGreaterThan(0));
    await tracing.stop();
    // Of each thread so many in each second that began.
    expect(seen).toBeLessThanOrEqual(10 * (threads + 1) * 3);
  });
});

it('TRC-1 THR-1 a thread that has died is traced again when it is back', async () => {
  await using system = await started(2);
  const seen: AnyPid[] = [];
  await using _ = await trace(system, { kinds: ['spawn'] }, ({ pid }) => pid !== null && seen.push(pid));
  const engine = system.engine as ThreadsEngine;
  for (let incarnation = 2; incarnation <= 3; incarnation++) {
    engine.kill(1);
    await vi.waitFor(() => expect(engine.info()[0]).toMatchObject({ incarnation, isUp: true }), 10_000);
    // The trace is on there a little later than the thread.
    await vi.waitFor(async () => {
      const pid = system.spawn(IDLE, [], at(1));
      expect(pid.origin.incarnation).toBe(incarnation);
      await vi.waitFor(() => expect(seen).toContain(pid), { timeout: 300 });
    }, 10_000);
  }
});

it.each([
  [{ kinds: ['nonsense'] }, /^trace needs kinds among spawn, exit, send, .*, got "nonsense"$/],
  [{ kinds: ['toString'] }, /^trace needs kinds among/],
  [{ kinds: 'link' }, 'trace needs an array of kinds, got "link"'],
  [{ pids: [7] }, 'trace needs a pid, got the number 7'],
  [{ pids: 7 }, 'trace needs an array of pids, got the number 7'],
  [{ perSecond: '5' }, 'trace needs perSecond above 0, got "5"'],
  [{ perSecond: Number.NaN }, 'trace needs perSecond above 0'],
  [{ kind: ['link'] }, "trace has no option 'kind'; there are: kinds, pids, perSecond"],
  [null, 'trace needs an object of options, got null'],
])('TRC-1 options %j, which would trace nothing or something else, are refused by name', async (options, text) => {
  await using system = await started(0);
  await expect(trace(system, options as never, () => {})).rejects.toThrow(text);
  await expect(trace(system, {}, undefined as never)).rejects.toThrow('trace needs a function, got undefined');
  expect((system.engine.scheduler as Scheduler).tracer).toBeNull();
});

it('TRC-1 a listener that throws ends its trace and says so', async () => {
  await using system = await started(0);
  const tracing = await trace(system, { kinds: ['spawn'] }, () => {
    throw new Error('enough');
  });
  system.spawn(IDLE);
  await vi.waitFor(() => expect((system.engine.scheduler as Scheduler).tracer).toBeNull());
  await expect(tracing.stop()).rejects.toThrow('enough');
});

it('OBS-1 reads a supervision tree from the top down', async () => {
  await using system = await started(0);
  const child = { id: 'worker', start: { body: IDLE, handshake: false } };
  const inner = dynamicSupervisor();
  const outer = supervisor(() => ({
    children: [child, { id: 'inner', start: { body: inner }, type: 'supervisor' as const }],
  }));
  const result = await system.perform(function* begin() {
    const top = yield* startLink(outer);
    if (!top.ok) throw new Error('not started');
    return top.pid;
  });
  const tree = await supervisionTree(system, result as never);
  const dynamic = tree.children.find(({ id }) => id === 'inner')?.pid as AnyPid;
  await system.run(() => startChild(dynamic as never, { start: { body: IDLE, handshake: false } }));
  const again = await supervisionTree(system, result as never);
  expect(again.children.map(({ id, type, children }) => [id, type, children.length])).toEqual([
    ['inner', 'supervisor', 1],
    ['worker', 'worker', 0],
  ]);
});

it('a message is shown in few characters, whatever it is', () => {
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withMap: true, withSet: true, withTypedArray: true }), (value) => {
      expect(showTerm(value).length).toBeLessThanOrEqual(SHOWN_MAX);
    }),
  );
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  expect(showTerm(cyclic)).toBe('{self: {self: {self: {…}}}}');
  const wild = new Proxy({}, { get: () => { throw new Error('no'); }, ownKeys: () => { throw new Error('no'); } }); // biome-ignore format: one trap each
  expect(showTerm(wild)).toBe('[something that cannot be shown]');
  expect(showTerm({ tag: 'a', bytes: new Uint8Array(1e6), list: Array.from({ length: 20 }, (_, n) => n) })).toBe(
    '{tag: "a", bytes: [1000000 bytes], list: [0, 1, 2, 3, 4, 5, 6, 7, … 12 more]}',
  );
});
