// What the runtime tells about crashes and events (PL-1, LOG-1, TRC-1): cases that need a logger or a tracer of their own,
// on the single-thread engine and, for the lines of data threads, on the threads engine.
import { afterEach, describe, expect, test } from 'vitest';
import { type SupervisorPid, startLink, whichChildren } from '../../src/behaviours/index.ts';
import {
  type Context,
  type Effects,
  isDown,
  type Placement,
  receive,
  type System,
  startSystem,
  type TraceEvent,
} from '../../src/index.ts';
import type { Pid } from '../../src/term/index.ts';
import { CHILD, RECORDER, TREE } from '../actors/family.ts';
import { hostActor } from './host-actors.ts';

interface Line {
  readonly level: string;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const lines: Line[] = [];
const logger = {
  log: (level: string, event: string, data: Readonly<Record<string, unknown>> = {}) => {
    lines.push({ level, event, data });
  },
};

let system: System;
afterEach(async () => {
  await system.stop();
  lines.length = 0;
});

function* endWith(context: Context<unknown>, placement: Placement, reason: unknown): Effects<string> {
  const { pid, ref } = context.spawnMonitor(hostActor('endWith'), [], { placement, label: 'the label' });
  for (let count = 0; count < 3; count++) context.send(pid as Pid<unknown>, { reason });
  yield* receive((message) => isDown(message, ref));
  return String(pid);
}

for (const [engine, threads, placement] of [
  ['single-thread', 0, 'here'],
  ['threads', 1, { thread: 1 }],
] as const) {
  describe(`${engine}, reports`, () => {
    test('PL-1 normal, shutdown and {shutdown, _} are ends, not crashes: nobody reports them', async () => {
      system = await startSystem({ threads, logger });
      await system.run(function* (context: Context<unknown>): Effects<void> {
        for (const reason of ['normal', 'shutdown', { tag: 'shutdown', detail: 1 }])
          yield* endWith(context, placement, reason);
      });
      expect(lines.filter(({ level }) => level === 'error' || level === 'warning')).toEqual([]);
    });

    test('LOG-1 a crash is reported once, with its initial call, ancestors, reason, stack and mailbox length', async () => {
      system = await startSystem({ threads, logger });
      const [parent, pid] = await system.run(function* (context: Context<unknown>): Effects<string[]> {
        return [String(context.self), yield* endWith(context, placement, 'throw')];
      });
      // The line of a data thread takes another way than the news of the death.
      await expect.poll(() => lines.length).toBeGreaterThan(0);
      const crashes = lines.filter(({ event }) => event === 'process crashed');
      expect(crashes.length).toBe(1);
      expect(crashes[0].level).toBe('error');
      expect(crashes[0].data).toMatchObject({ pid, label: 'the label', reason: 'RangeError: crashed on purpose' });
      expect(crashes[0].data.mailboxLength).toBe(2);
      expect(crashes[0].data.ancestors).toContain(parent);
      expect(String(crashes[0].data.stack)).toContain('endWith');
      expect(String(crashes[0].data.initialCall)).toContain('endWith');
    });

    test('LOG-1 a supervisor reports the crash of a child, the failed start and that it gave up', async () => {
      system = await startSystem({ threads, logger });
      await system.run(function* (context: Context<unknown>): Effects<void> {
        context.trapExit(true);
        const recorder = yield* startLink(RECORDER, [], { placement });
        if (!recorder.ok) throw new Error('the recorder did not start');
        const start = { body: CHILD, args: [recorder.pid, 'a', { failFrom: 2 }], placement };
        const tree = yield* startLink(TREE, [{ intensity: 1, children: [{ id: 'a', start }] }], { placement });
        if (!tree.ok) throw new Error('the tree did not start');
        const ref = context.monitor(tree.pid);
        const [{ pid }] = yield* whichChildren(tree.pid as SupervisorPid);
        context.exit(pid as Pid<unknown>, 'kill');
        yield* receive((message) => isDown(message, ref));
      });
      const reported = () => lines.filter(({ event }) => event === 'supervisor report').map(({ data }) => data.context);
      await expect.poll(() => reported().length).toBeGreaterThan(2);
      expect(reported()).toEqual(['childTerminated', 'startError', 'reachedMaxRestartIntensity']);
      const [report] = lines.filter(({ event }) => event === 'supervisor report');
      expect(report.data).toMatchObject({
        reason: 'killed',
        child: { id: 'a', restart: 'permanent', shutdown: 5_000 },
      });
    });
  });
}

describe('single-thread, traces', () => {
  test('TRC-1 spawn, send, receive, link, exit, down, timer and registration are events for the hook, and none without it', async () => {
    system = await startSystem({ logger });
    const events: TraceEvent[] = [];
    const { scheduler } = system.engine;
    await system.run(function* (context: Context<unknown>): Effects<void> {
      scheduler.tracer = (event) => events.push(event);
      const { pid, ref } = context.spawnMonitor(hostActor('endWith'), [], { name: 'traced' });
      context.trapExit(true);
      context.link(pid);
      context.unlink(pid);
      context.monitor(pid);
      context.sendAfter(1, context.self, 'tick');
      yield* receive((message) => message === 'tick');
      context.send(pid as Pid<unknown>, { reason: 'x' });
      yield* receive((message) => isDown(message, ref));
      scheduler.tracer = null;
    });
    const kinds = new Set(events.map(({ kind }) => kind));
    for (const kind of ['spawn', 'send', 'receive', 'link', 'unlink', 'monitor', 'exit', 'down', 'timer', 'register'])
      expect(kinds).toContain(kind);
    const before = events.length;
    await system.run(function* (context: Context<unknown>): Effects<void> {
      context.send(context.self, 1);
      yield* receive();
    });
    expect(events.length).toBe(before);
  });
});
