// Registry: RGY-1.
import { describe, expect, it } from 'vitest';
import {
  countKeys,
  dispatch,
  keysOf,
  lookup,
  type RegistryKeys,
  type RegistryPid,
  registerKey,
  registry,
  startLink,
  unregisterKey,
  whereisKey,
} from '../../src/behaviours/index.ts';
import { type Context, type Effects, isDown, receive, sleep } from '../../src/process/index.ts';
import type { AnyPid } from '../../src/term/index.ts';
import { play } from '../support/virtual-engine.ts';

function* begin(keys: RegistryKeys): Effects<RegistryPid> {
  const started = yield* startLink(registry, [keys], { name: 'registry' });
  if (!started.ok) throw new Error('not started');
  return started.pid;
}

/** A process that registers under `keys`, then lives until it is killed. */
function* member(context: Context<unknown>, ...keys: string[]): Effects<AnyPid> {
  const pid = context.spawn(function* (self: Context<unknown>) {
    for (const key of keys) yield* registerKey('registry', key, `value of ${key}`);
    yield* receive((message) => message === 'end');
    self.exit('normal');
  });
  yield* sleep(1);
  return pid;
}

describe('registry', () => {
  it('RGY-1 unique: the second registration of a key fails, even for the same process', () => {
    play(function* (context) {
      const pid = yield* begin('unique');
      expect(yield* registerKey(pid, 'k', 1)).toEqual({ ok: true });
      const taken = { ok: false, error: { tag: 'alreadyRegistered', pid: context.self } };
      expect(yield* registerKey(pid, 'k', 2)).toEqual(taken);
      expect(yield* lookup(pid, 'k')).toEqual([{ pid: context.self, value: 1 }]);
    });
  });

  it('RGY-1 duplicate: many processes under one key, in order, one process under many keys', () => {
    play(function* (context) {
      const pid = yield* begin('duplicate');
      const a = yield* member(context, 'x', 'y');
      const b = yield* member(context, 'x');
      expect(yield* lookup(pid, 'x')).toEqual([
        { pid: a, value: 'value of x' },
        { pid: b, value: 'value of x' },
      ]);
      expect(yield* keysOf(pid, a)).toEqual(['x', 'y']);
      expect(yield* countKeys(pid)).toBe(3);
    });
  });

  it('RGY-1 the entries of a dead process go, after its DOWN at the latest by the next turn', () => {
    play(function* (context) {
      const pid = yield* begin('duplicate');
      const a = yield* member(context, 'x', 'y');
      const b = yield* member(context, 'x');
      context.exit(a, 'kill');
      yield* sleep(1);
      expect(yield* lookup(pid, 'x')).toEqual([{ pid: b, value: 'value of x' }]);
      expect(yield* countKeys(pid)).toBe(1);
    });
  });

  it('RGY-1 whereisKey does not show the dead, even when the registry has not heard yet', () => {
    play(function* (context, engine) {
      const pid = yield* begin('unique');
      const a = yield* member(context, 'x');
      expect(yield* whereisKey(pid, 'x')).toBe(a);
      // The registry is busy while its member dies: it still lists it.
      engine.scheduler.processes.get(pid.serial)?.mailbox.clear();
      context.exit(a, 'kill');
      engine.scheduler.processes.get(pid.serial)?.mailbox.clear();
      expect(yield* lookup(pid, 'x')).toHaveLength(1);
      expect(yield* whereisKey(pid, 'x')).toBeUndefined();
    });
  });

  it('RGY-1 dispatch runs in the caller, once for each entry', () => {
    play(function* (context) {
      const pid = yield* begin('duplicate');
      const a = yield* member(context, 'topic');
      const b = yield* member(context, 'topic');
      const seen: AnyPid[] = [];
      yield* dispatch(pid, 'topic', (entry) => seen.push(entry.pid));
      expect(seen).toEqual([a, b]);
    });
  });

  it('RGY-1 unregister takes the caller’s entries away and, with the last of them, the link', () => {
    play(function* (context) {
      const pid = yield* begin('duplicate');
      const { ref } = context.spawnMonitor(function* () {
        yield* registerKey(pid, 'x');
        yield* registerKey(pid, 'x');
        expect(yield* unregisterKey(pid, 'x')).toBe(true);
        expect(yield* unregisterKey(pid, 'x')).toBe(false);
        yield* receive();
      });
      yield* sleep(1);
      expect(yield* countKeys(pid)).toBe(0);
      context.trapExit(true);
      context.exit(pid, 'kill');
      yield* sleep(10);
      expect(yield* receive((message) => isDown(message, ref), { afterMs: 0 })).toBeTypeOf('symbol');
    });
  });

  it('RGY-1 registering links: the members die with the registry', () => {
    play(function* (context) {
      const pid = yield* begin('unique');
      const a = yield* member(context, 'x');
      const ref = context.monitor(a);
      context.trapExit(true);
      context.exit(pid, 'kill');
      expect(yield* receive((message) => isDown(message, ref))).toMatchObject({ reason: 'killed' });
    });
  });

  it('pids and numbers are keys too', () => {
    play(function* (context) {
      const pid = yield* begin('unique');
      yield* registerKey(pid, context.self, 'by pid');
      yield* registerKey(pid, 7, 'by number');
      expect((yield* lookup(pid, context.self))[0].value).toBe('by pid');
      expect((yield* lookup(pid, 7))[0].value).toBe('by number');
      expect(yield* lookup(pid, '7')).toEqual([]);
    });
  });
});
