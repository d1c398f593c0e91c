// Processes that end with, throw or send what is no data: the others hear a reason that is data, on every engine and
// mode, and nothing but the process that did it is hurt (EXI-1, section 0-6).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Context,
  type DownMessage,
  type Effects,
  type ExitReason,
  formatReason,
  isDown,
  isExit,
  receive,
  type System,
  startSystem,
} from '../../src/index.ts';
import { ECHO, END_ODDLY, ODD, SEND_ODDLY, type Way } from '../actors/odd.ts';

const ENGINES = [
  { name: 'one thread, strict', threads: 0, strict: true },
  { name: 'one thread, not strict', threads: 0, strict: false },
  { name: 'two threads, strict', threads: 2, strict: true },
  { name: 'two threads, not strict', threads: 2, strict: false },
] as const;

describe.each(ENGINES)('$name', ({ threads, strict }) => {
  const strays: unknown[] = [];
  const onStray = (reason: unknown) => void strays.push(reason);
  const at = (thread: number) => (threads === 0 ? {} : { placement: { thread } });
  const died: string[] = [];
  let system: System;

  beforeAll(async () => {
    process.on('uncaughtException', onStray);
    process.on('unhandledRejection', onStray);
    const logger = { log: (_level: string, event: string) => void (event === 'thread died' && died.push(event)) };
    system = await startSystem({ threads, strict, logger });
  });
  afterAll(async () => {
    await system.stop();
    process.off('uncaughtException', onStray);
    process.off('unhandledRejection', onStray);
    expect([strays, died]).toEqual([[], []]);
  });

  /** The reason that a watcher on another thread is told. */
  const reasonOf = (odd: string, way: Way) =>
    system.run(function* (context: Context<unknown>): Effects<ExitReason> {
      context.trapExit(true);
      if (way === 'link') {
        context.spawn(END_ODDLY, [odd, way, context.self], at(1));
        return (yield* receive(isExit)).reason as ExitReason;
      }
      if (way !== 'exit another') {
        const { ref } = context.spawnMonitor(END_ODDLY, [odd, way], at(1));
        return (yield* receive<DownMessage>((message) => isDown(message, ref))).reason as ExitReason;
      }
      const { pid, ref } = context.spawnMonitor(ECHO, [], at(2));
      context.spawn(END_ODDLY, [odd, way, pid], at(1));
      return (yield* receive<DownMessage>((message) => isDown(message, ref))).reason as ExitReason;
    });

  it.each(Object.keys(ODD))('a process that throws %s ends with data', async (odd) => {
    const reason = (await reasonOf(odd, 'throw')) as { tag: string; error: { name: string; message: string } };
    expect(reason).toMatchObject({ tag: 'error', error: { name: expect.any(String), message: expect.any(String) } });
    expect(structuredClone(reason)).toEqual(reason);
  });

  it.each(['exit', 'exit another', 'link'] as const)('a reason given by %s reaches everybody as data', async (way) => {
    const seen: Record<string, unknown> = {};
    for (const odd of Object.keys(ODD)) {
      const reason = await reasonOf(odd, way);
      expect(structuredClone(reason), odd).toEqual(reason);
      expect(formatReason(reason), odd).toEqual(expect.any(String));
      seen[odd] = reason;
    }
    const notATerm = { tag: 'error', error: { name: 'NotATermError' } };
    expect(seen).toMatchObject({
      'a function': notATerm,
      'a symbol': notATerm,
      'an instance': notATerm,
      'a cycle': { tag: 'round', self: expect.stringContaining('a cycle') },
      'a live error': { tag: 'error', error: { name: 'RangeError', message: 'still alive' } },
      'an object with a getter that throws': { tag: '[an accessor]' },
      'a function deep inside': { tag: 'deep', list: [1, new Map([['f', { run: '[the function run]' }]])] },
      'a megabyte': ODD['a megabyte'](),
    });
  });

  it('a message that is none is one error in its sender; what follows it arrives', async () => {
    const isChecked = strict || threads > 0;
    for (const odd of ['a function', 'a symbol', 'an instance', 'a cycle', 'a live error', 'a function deep inside']) {
      const outcome = await system.run(function* (context: Context<unknown>): Effects<unknown> {
        context.spawn(SEND_ODDLY, [odd, context.self], at(1));
        if (!isChecked) yield* receive((message) => 'value' in (message as object));
        return (yield* receive<{ outcome: unknown }>()).outcome;
      });
      expect(outcome, odd).toBe(isChecked ? 'NotATermError' : 'sent');
    }
    const echo = await system.run(function* (context: Context<unknown>): Effects<unknown> {
      const pid = context.spawn(ECHO, [], at(2));
      context.send(pid, { from: context.self, value: 'still here' });
      return yield* receive();
    });
    expect(echo).toEqual({ echo: 'still here' });
  });

  it('arguments, timers and offloaded work that are no terms are refused where they are given', async () => {
    const errors = await system.run(function* (context: Context<unknown>): Effects<readonly string[]> {
      const acts = [
        () => context.spawn(ECHO, [{ run: () => 1 }], at(1)),
        () => context.spawnLink(ECHO, [Symbol('x')], at(1)),
        () => context.spawnMonitor(ECHO, [new Error('x')], at(1)),
        () => context.sendAfter(1, context.spawn(ECHO, [], at(1)), () => 1),
      ];
      const names: string[] = [];
      for (const act of acts) {
        try {
          act();
          names.push('nothing');
        } catch (error) {
          names.push((error as Error).name);
        }
      }
      return names;
    });
    if (strict || threads > 0) expect(errors).toEqual(Array(4).fill('NotATermError'));
  });
});
