// Persistent terms on one thread: PT-1. Several threads are in test/conformance/cases/shared.ts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  eraseTerm,
  getTerm,
  persistentTerms,
  putTerm,
  startLink,
  TERM_REPLICA,
  termKeys,
} from '../../src/behaviours/index.ts';
import { type Context, type Effects, isDown, receive, sleep, TIMEOUT } from '../../src/process/index.ts';
import { heal, loadModules, simulate } from '../../src/simulation/index.ts';
import type { AnyPid } from '../../src/term/index.ts';
import { libraryActor } from '../actors/library.ts';
import { play } from '../support/virtual-engine.ts';

function* begin(): Effects<void> {
  const started = yield* startLink(persistentTerms());
  if (!started.ok) throw new Error('not started');
}

describe('persistent terms', () => {
  it('PT-1 are read without a message after the write has returned, replaced and erased', () => {
    play(function* (context) {
      yield* begin();
      expect(getTerm(context, 'limits')).toBeUndefined();
      yield* putTerm('limits', { connections: 10 });
      expect(getTerm(context, 'limits')).toEqual({ connections: 10 });
      yield* putTerm('limits', { connections: 20 });
      yield* putTerm(7, context.self);
      expect(getTerm<{ connections: number }>(context, 'limits')?.connections).toBe(20);
      expect(getTerm(context, 7)).toBe(context.self);
      expect(termKeys(context)).toEqual(['limits', 7]);
      expect([yield* eraseTerm('limits'), yield* eraseTerm('limits')]).toEqual([true, false]);
      expect(getTerm(context, 'limits')).toBeUndefined();
    });
  });

  it('PT-1 reading costs no copy where a value can be frozen, and never shares what can be changed', () => {
    play(function* (context) {
      yield* begin();
      const given = { list: [1, 2] };
      yield* putTerm('plain', given);
      expect(getTerm(context, 'plain')).toBe(getTerm(context, 'plain'));
      expect(getTerm(context, 'plain')).not.toBe(given);
      expect(Object.isFrozen(getTerm<typeof given>(context, 'plain')?.list)).toBe(true);
      yield* putTerm('bytes', Uint8Array.of(1, 2));
      (getTerm<Uint8Array>(context, 'bytes') as Uint8Array)[0] = 9;
      expect(getTerm(context, 'bytes')).toEqual(Uint8Array.of(1, 2));
    });
  });

  it('PT-1 outlive a crash of their process', () => {
    play(function* (context) {
      yield* begin();
      yield* putTerm('k', 'kept');
      context.exit(context.whereis('persistentTerms/owner') as AnyPid, 'kill');
      expect(getTerm(context, 'k')).toBe('kept');
      yield* sleep(1);
      yield* putTerm('l', 'later');
      expect([getTerm(context, 'k'), getTerm(context, 'l')]).toEqual(['kept', 'later']);
    });
  });

  it('without them reading throws and writing fails; what is no term is refused to its writer', () => {
    play(function* (context) {
      expect(() => getTerm(context, 'k')).toThrow(/persistentTerms to run for this thread/);
      const { ref } = context.spawnMonitor(function* (_inner: Context) {
        yield* putTerm('k', 1);
      });
      expect(yield* receive((message) => isDown(message, ref))).toMatchObject({
        reason: { tag: 'call', reason: 'noproc' },
      });
      yield* begin();
      const owner = context.whereis('persistentTerms/owner');
      expect(() => putTerm('k', () => {}).next()).toThrow(/is not a term/);
      expect(context.whereis('persistentTerms/owner')).toBe(owner);
    });
  });

  it('a message of a stranger is logged and dropped', () => {
    play(function* (context, engine) {
      yield* begin();
      context.send('persistentTerms/owner', { tag: 'noise' });
      yield* putTerm('k', 1);
      expect(engine.logged('unexpected message')).toHaveLength(1);
    });
  });
});

const modules = await loadModules(libraryActor('').module, TERM_REPLICA.module);

describe('persistent terms on several threads, with crashes, dead threads and slow links', () => {
  it('PT-1 in the end every thread reads the same, and no write that has returned is lost', () => {
    let writes = 0;
    fc.assert(
      fc.property(fc.array(fc.nat(2), { minLength: 1, maxLength: 4 }), fc.integer({ min: 1 }), (writers, seed) => {
        const faults = { crashes: 2, threadDeaths: 1, delays: 2, partitions: 1 };
        const options = { seed, strategy: 'portfolio', stepsMax: 50_000, threads: 2, modules, faults } as const;
        simulate(options, function* (context): Effects<void> {
          context.trapExit(true);
          const started = yield* startLink(persistentTerms({ threads: [0, 1, 2], intensity: 100 }));
          if (!started.ok) return;
          for (const [at, thread] of writers.entries()) {
            const args = [context.self, `k${at}`, 4];
            context.spawn(libraryActor('termWriter'), args, { placement: { thread } });
          }
          yield* sleep(50);
          heal(context);
          yield* sleep(5_000);
          // The supervisor itself may have crashed.
          if (context.whereis('persistentTerms/owner') === undefined) return;
          const wrote = new Map<string, number>();
          for (;;) {
            const told = yield* receive(isWrote, { afterMs: 0 });
            if (told === TIMEOUT) break;
            wrote.set(told.key, told.wrote);
            writes++;
          }
          for (const at of writers.keys()) {
            const seen: unknown[] = [];
            for (const thread of [0, 1, 2]) {
              context.spawn(libraryActor('termReader'), [context.self, `k${at}`], { placement: { thread } });
              seen.push((yield* receive<{ read: unknown }>((message) => 'read' in (message as object))).read);
            }
            expect(seen).toEqual([seen[0], seen[0], seen[0]]);
            expect(Number(seen[0] ?? 0)).toBeGreaterThanOrEqual(wrote.get(`k${at}`) ?? 0);
          }
        }).value;
      }),
      { numRuns: 100 },
    );
    expect(writes).toBeGreaterThan(20);
  });
});

const isWrote = (message: unknown): message is { readonly wrote: number; readonly key: string } =>
  'wrote' in (message as object);
