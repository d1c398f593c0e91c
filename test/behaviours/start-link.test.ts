// Synchronous start: GS-1, GS-2, LNK-6, on bodies, definitions and Mfas.
import { describe, expect, it } from 'vitest';
import { genServer, initAck, isTicket, ok, type StartTicket, start, startLink } from '../../src/behaviours/index.ts';
import {
  type Context,
  type Effects,
  isDown,
  isExit,
  isProcessAlive,
  receive,
  sleep,
  TIMEOUT,
} from '../../src/process/index.ts';
import { play } from '../support/virtual-engine.ts';

const idle = genServer({ init: (_context, state: number = 0) => ok(state) });

const slowStart = genServer({
  *init(_context, ms: number) {
    yield* sleep(ms);
    return ok(0);
  },
});

function* isMailboxEmpty(): Effects<boolean> {
  return (yield* receive(null, { afterMs: 0 })) === TIMEOUT;
}

describe('startLink', () => {
  it('GS-1 a taken name gives alreadyStarted with the owner’s pid, and no second process', () => {
    play(function* (context, engine) {
      const first = yield* startLink(idle, [], { name: 'one' });
      const count = engine.scheduler.processes.size;
      const second = yield* startLink(idle, [], { name: 'one' });
      expect(second).toEqual({ ok: false, error: { tag: 'alreadyStarted', pid: first.ok ? first.pid : null } });
      expect(engine.scheduler.processes.size).toBe(count);
      expect(context.whereis('one')).toBe(first.ok ? first.pid : null);
    });
  });

  it('GS-1 two starts under one name at the same time: one wins, and a linked starter that does not trap lives on', () => {
    play(function* (context) {
      const results: unknown[] = [];
      for (let n = 0; n < 2; n++) {
        context.spawn(function* (starter: Context<unknown>) {
          const started = yield* startLink(idle, [], { name: 'race' });
          results.push(started.ok ? 'started' : started.error);
          yield* sleep(1000);
          results.push(starter.self === undefined ? 'no' : 'alive');
        });
      }
      yield* sleep(2000);
      expect(results).toEqual(['started', { tag: 'alreadyStarted', pid: context.whereis('race') }, 'alive', 'alive']);
    });
  });

  it('GS-2 a start that takes too long: the child is killed, nothing is left, a starter that does not trap lives', () => {
    play(function* (context, engine) {
      const before = engine.scheduler.processes.size;
      expect(yield* startLink(slowStart, [100], { timeoutMs: 10, name: 'late' })).toEqual({
        ok: false,
        error: 'timeout',
      });
      expect(engine.scheduler.processes.size).toBe(before);
      expect(context.whereis('late')).toBeUndefined();
      yield* sleep(500);
      expect(yield* isMailboxEmpty()).toBe(true);
    });
  });

  it('GS-2 the same for a starter that traps exits: no EXIT is left', () => {
    play(function* (context) {
      context.trapExit(true);
      expect(yield* startLink(slowStart, [100], { timeoutMs: 10 })).toEqual({ ok: false, error: 'timeout' });
      yield* sleep(500);
      expect(yield* isMailboxEmpty()).toBe(true);
    });
  });

  it('LNK-6 the child is linked: its later death is an EXIT', () => {
    play(function* (context) {
      context.trapExit(true);
      const started = yield* startLink(idle);
      if (!started.ok) throw new Error();
      context.exit(started.pid, 'kill');
      expect(yield* receive(isExit)).toEqual({ tag: 'EXIT', from: started.pid, reason: 'killed' });
    });
  });

  it('start makes no link and leaves no monitor', () => {
    play(function* (context) {
      context.trapExit(true);
      const started = yield* start(idle);
      if (!started.ok) throw new Error();
      context.exit(started.pid, 'kill');
      yield* sleep(1);
      expect(yield* isMailboxEmpty()).toBe(true);
    });
  });

  it('a child that is killed before it answers is a failed start with its real reason', () => {
    play(function* (context) {
      context.trapExit(true);
      context.spawn(function* () {
        yield* sleep(5);
        const late = context.whereis('victim');
        if (late !== undefined) context.exit(late, 'kill');
      });
      expect(yield* startLink(slowStart, [100], { name: 'victim' })).toEqual({ ok: false, error: 'killed' });
      expect(yield* isMailboxEmpty()).toBe(true);
    });
  });

  it('a child that unlinks itself in init and fails is noticed as well', () => {
    play(function* (context) {
      context.trapExit(true);
      const sneaky = genServer({
        init(child) {
          if (child.parent !== null) child.unlink(child.parent);
          return child.exit('sneaky');
        },
      });
      expect(yield* startLink(sneaky)).toEqual({ ok: false, error: 'sneaky' });
    });
  });

  it('an Mfa is loaded and takes the ticket', () => {
    play(function* (_context, engine) {
      engine.code.idle = idle;
      const started = yield* startLink({ module: 'virtual:test', export: 'idle' }, [3]);
      expect(started.ok && (yield* isProcessAlive(started.pid))).toBe(true);
    });
  });

  it('an Mfa that does not exist is a failed start', () => {
    play(function* (context) {
      context.trapExit(true);
      const started = yield* startLink({ module: 'virtual:test', export: 'nothing' });
      expect(started).toMatchObject({ ok: false, error: { tag: 'undef', export: 'nothing' } });
    });
  });

  it('PL-1 a generator body can take part in the handshake by itself, name included', () => {
    function* worker(context: Context<unknown>, ticket: StartTicket, greeting: string): Effects<void> {
      expect(isTicket(ticket)).toBe(true);
      yield* sleep(20);
      yield* initAck(context, ticket);
      context.setLabel(greeting);
      yield* receive();
    }
    play(function* (context) {
      const before = context.now();
      const started = yield* startLink(worker as never, ['hello'] as never, { handshake: true, name: 'worker' });
      expect(context.now() - before).toBe(20);
      expect(started).toEqual({ ok: true, pid: context.whereis('worker') });
    });
  });

  it('a plain body counts as started when it is spawned', () => {
    play(function* (context) {
      context.trapExit(true);
      const started = yield* startLink(function* () {
        yield* receive();
      });
      if (!started.ok) throw new Error();
      const ref = context.monitor(started.pid);
      context.exit(started.pid, 'kill');
      expect(yield* receive((message) => isDown(message, ref))).toMatchObject({ reason: 'killed' });
    });
  });
});
