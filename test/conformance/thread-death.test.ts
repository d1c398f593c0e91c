// What happens when a data thread dies (THR-1, DST-3, SCH-6): cases for the threads engine only, since the others have
// no threads to lose.
import { afterEach, describe, expect, test } from 'vitest';
import {
  BadArgumentError,
  type Context,
  type Effects,
  isDown,
  isProcessAlive,
  pause,
  processInfo,
  receive,
  register,
  resumeProcess,
  type System,
  startSystem,
  suspendProcess,
  TIMEOUT,
} from '../../src/index.ts';
import type { Pid } from '../../src/term/index.ts';
import type { ThreadsEngine } from '../../src/threads/index.ts';
import { PUPPET } from '../actors/puppet.ts';
import { hostActor } from './host-actors.ts';

const COUNT = 5_000;

let system: System;
afterEach(() => system.stop());

const engine = () => system.engine as ThreadsEngine;

interface Counted {
  readonly counted: number;
  readonly inOrder: boolean;
  readonly downs: readonly {
    readonly tag: string;
    readonly reason: unknown;
    readonly from: unknown;
    readonly object: unknown;
  }[];
}

/** The next message that has this field. */
function* having<T>(field: string): Effects<T> {
  return (yield* receive((message) => typeof message === 'object' && message !== null && field in message)) as T;
}

describe('threads, a thread that dies', () => {
  test('THR-1 everything it had sent is delivered first, then each link and monitor hears once (edge case 24)', async () => {
    system = await startSystem({ threads: 2, logger: 'silent', strict: true });
    const reports = await system.run(function* (context: Context<unknown>): Effects<Counted[]> {
      const at = (thread: number) => ({ placement: { thread } });
      const receivers = [0, 2].map((thread) => context.spawn(hostActor('countUp'), [context.self], at(thread)));
      const senders = [1, 1].map((thread) => context.spawn(PUPPET, [], at(thread)));
      const many = context.spawn(hostActor('sendMuch'), [context.self, receivers, COUNT], at(1));
      for (const to of receivers) context.send(to as Pid<unknown>, [...senders, many]);
      yield* having('sentBy');
      for (const _each of receivers) yield* having('ready');
      engine().kill(1);
      const counted: Counted[] = [];
      for (const _each of receivers) counted.push(yield* having<Counted>('counted'));
      return counted;
    });
    for (const { counted, inOrder, downs } of reports) {
      expect([counted, inOrder]).toEqual([COUNT, true]);
      expect(downs.filter(({ tag }) => tag === 'EXIT').length).toBe(3);
      expect(downs.filter(({ tag }) => tag === 'DOWN').length).toBe(3);
      expect(new Set(downs.map(({ tag, from, object }) => `${tag} ${from ?? object}`)).size).toBe(6);
      for (const { reason } of downs) expect(reason).toEqual({ tag: 'threadDown', thread: 1, cause: 'killed' });
    }
  });

  test('THR-1 its names are free before the news, and its timers and requests go nowhere (SIG-7)', async () => {
    system = await startSystem({ threads: 2, logger: 'silent', strict: true });
    await system.run(function* (context: Context<unknown>): Effects<void> {
      for (let round = 0; round < 3; round++) {
        const named = context.spawn(PUPPET, [], { placement: { thread: 1 }, name: 'precious' });
        const ref = context.monitor(named);
        while (context.whereis('precious') === undefined) yield* receive(() => false, { afterMs: 1 });
        context.sendAfter(5, named, 'for the dead');
        engine().kill(1);
        yield* receive((message) => isDown(message, ref));
        expect(context.whereis('precious')).toBe(undefined);
        const heir = context.spawn(PUPPET, [], { placement: { thread: 2 } });
        expect(yield* register('precious', heir)).toEqual({ ok: true });
        context.exit(heir, 'kill');
        yield* receive((message) => isDown(message, context.monitor(heir)), { afterMs: 0 });
        while (context.whereis('precious') !== undefined) yield* receive(() => false, { afterMs: 1 });
      }
    });
  });

  test('DST-3 its successor takes what is sent to the thread, behind the news of the death', async () => {
    system = await startSystem({ threads: 2, logger: 'silent', strict: true });
    await system.run(function* (context: Context<unknown>): Effects<void> {
      const incarnations: number[] = [];
      for (let round = 0; round < 5; round++) {
        const pid = context.spawn(hostActor('answer'), [], { placement: { thread: 1 } });
        const ref = context.monitor(pid);
        context.send(pid as Pid<unknown>, { from: context.self });
        expect(yield* receive()).toEqual({ answer: pid });
        incarnations.push(pid.origin.incarnation);
        engine().kill(1);
        const down = yield* receive();
        expect(isDown(down, ref)).toBe(true);
      }
      expect(incarnations).toEqual([1, 2, 3, 4, 5]);
    });
  });

  test('MON-2 each monitor of a process on a thread that is known to be dead gives exactly one DOWN, noproc', async () => {
    system = await startSystem({ threads: 2, logger: 'silent', strict: true });
    await system.run(function* (context: Context<unknown>): Effects<void> {
      const target = context.spawn(PUPPET, [], { placement: { thread: 1 } });
      const bystander = context.spawn(PUPPET, [], { placement: { thread: 2 } });
      const first = context.monitor(target);
      engine().kill(1);
      yield* receive((message) => isDown(message, first));
      const refs = [context.monitor(target), context.monitor(target), context.monitor(target)];
      for (const ref of refs) {
        expect(yield* receive()).toEqual({ tag: 'DOWN', ref, object: target, reason: 'noproc' });
        expect(context.demonitor(ref, { flush: true })).toBe(false);
      }
      // The answers of both threads come behind whatever a second DOWN could come from.
      const next = context.spawn(PUPPET, [], { placement: { thread: 1 } });
      for (const pid of [bystander, next]) expect(yield* isProcessAlive(pid)).toBe(true);
      expect(yield* receive(null, { afterMs: 0 })).toBe(TIMEOUT);
    });
  });

  test('PRC-4 the thread of a suspender takes its suspensions with it, and that of the suspended frees the suspender', async () => {
    system = await startSystem({ threads: 2, logger: 'silent', strict: true });
    await system.run(function* (context: Context<unknown>): Effects<void> {
      const suspender = context.spawn(PUPPET, [], { placement: { thread: 1 } });
      const [here, there, lost] = [0, 2, 1].map((thread) => context.spawn(PUPPET, [], { placement: { thread } }));
      const commands = [here, there].map((to) => ({ do: 'suspend', to }));
      const asked = context.monitor(suspender, { alias: 'replyDemonitor' });
      context.send(suspender as Pid<unknown>, { tag: '$do', command: { do: 'all', commands }, answerTo: asked });
      expect(yield* having('ref')).toMatchObject({ value: [true, true] });
      for (const pid of [here, there]) expect((yield* processInfo(pid))?.status).toBe('suspended');
      yield* suspendProcess(lost);
      const down = context.monitor(suspender);
      engine().kill(1);
      yield* receive((message) => isDown(message, down));
      for (const pid of [here, there]) while ((yield* processInfo(pid))?.status === 'suspended') yield* pause();
      let thrown: unknown = null;
      try {
        yield* resumeProcess(lost);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(BadArgumentError);
    });
  });

  test('SCH-6 a process that spins is named and ends with its thread; others go on, and the thread starts again', async () => {
    const lines: { event: string; data: unknown }[] = [];
    const logger = { log: (_level: unknown, event: string, data?: unknown) => lines.push({ event, data }) };
    system = await startSystem({ threads: 2, logger, strict: true, watchdogMs: 300 });
    let spinning = '';
    await system.run(function* (context: Context<unknown>): Effects<void> {
      const culprit = context.spawnMonitor(hostActor('spin'), [], { placement: { thread: 1 } });
      const bystander = context.spawnMonitor(hostActor('answer'), [], { placement: { thread: 1 } });
      const elsewhere = context.spawn(hostActor('answer'), [], { placement: { thread: 2 } });
      spinning = String(culprit.pid);
      context.send(culprit.pid as Pid<unknown>, 'spin');
      for (let count = 0; count < 10; count++) {
        context.send(elsewhere as Pid<unknown>, { from: context.self });
        expect(yield* receive()).toEqual({ answer: elsewhere });
      }
      const first = yield* receive<{ reason: { tag: string } }>((message) => isDown(message, culprit.ref));
      expect(first.reason.tag).toBe('watchdog');
      const second = yield* receive<{ reason: { tag: string } }>((message) => isDown(message, bystander.ref));
      expect(second.reason.tag).toBe('threadDown');
      const next = context.spawn(hostActor('answer'), [], { placement: { thread: 1 } });
      context.send(next as Pid<unknown>, { from: context.self });
      expect(yield* receive()).toEqual({ answer: next });
    });
    const warning = lines.find(({ event }) => event === 'long handler');
    expect(warning?.data).toMatchObject({ thread: 1, pid: spinning });
    expect(lines.some(({ event }) => event === 'runaway process: its thread is aborted')).toBe(true);
  });

  test('0-5 a function does not cross threads, and the error says what to do instead', async () => {
    system = await startSystem({ threads: 2, logger: 'silent', strict: true });
    await system.run(function* (context: Context<unknown>): Effects<void> {
      const spawn = () => context.spawn(() => {}, [], { placement: { thread: 1 } });
      expect(spawn).toThrow(/a function cannot cross threads: name the body as \{ module/);
      expect(() => context.spawn(PUPPET, [() => {}], { placement: { thread: 1 } })).toThrow(/not a term/);
      expect(() => context.spawn(PUPPET, [], { placement: { thread: 9 } })).toThrow(/no thread 9/);
      yield* receive(() => false, { afterMs: 0 });
    });
  });
});
