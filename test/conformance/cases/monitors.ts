// MON-1...5: monitors.
import type { Context } from '../../../src/process/index.ts';
import type { Mfa, Ref } from '../../../src/term/index.ts';
import type { Case } from '../case.ts';
import { equal, holds } from '../check.ts';

const actor = (name: string): Mfa => ({ module: import.meta.url, export: name });

/** Ends at once with its argument. */
export function dieAtOnce(context: Context<unknown>, reason: unknown): void {
  context.exit(reason);
}

export const monitorCases: readonly Case[] = [
  {
    title: 'MON-1 each monitor fires by itself, once, with its own ref',
    edges: [7],
    *run(t) {
      const [a, b] = t.puppets(2);
      const refs = yield* t.askAll(a, { do: 'monitor', to: b }, { do: 'monitor', to: b }, { do: 'monitor', to: b });
      yield* t.ask(a, { do: 'info', to: b });
      equal(new Set(refs).size, 3, 'different refs');
      t.tell(b, { do: 'end', reason: 'x' });
      const downs = yield* t.ask<{ tag: string; ref: Ref; object: unknown; reason: unknown }[]>(a, {
        do: 'take',
        count: 3,
      });
      for (const ref of refs)
        holds(
          downs.some((down) => down.ref === ref),
          `a DOWN of ${ref}`,
        );
      for (const down of downs) equal([down.tag, down.object, down.reason], ['DOWN', b, 'x'], 'the DOWN');
      yield* t.askAll(a, { do: 'monitor', to: b }, { do: 'take', count: 1 });
      equal(yield* t.ask(a, { do: 'drain' }), [], 'what came later');
    },
  },
  {
    title: 'MON-1 a monitor is one-way: the death of the watcher does nothing to the watched',
    *run(t) {
      const [a, b] = t.puppets(2);
      yield* t.askAll(a, { do: 'monitor', to: b }, { do: 'info', to: b });
      yield* t.ask(b, { do: 'monitor', to: a });
      t.tell(a, { do: 'end', reason: 'x' });
      const [down] = yield* t.ask<{ tag: string }[]>(b, { do: 'take', count: 1 });
      equal(down.tag, 'DOWN', 'what B got');
      equal(yield* t.ask(b, { do: 'drain' }), [], 'the rest');
    },
  },
  {
    title: 'MON-1 monitoring oneself is accepted, and leaves no monitor behind',
    *run(t) {
      const a = t.puppet();
      const ref = yield* t.ask(a, { do: 'monitor', to: a });
      equal(yield* t.ask(a, { do: 'demonitor', ref: ref as Ref }), false, 'the monitor was there');
      yield* t.ask(a, { do: 'monitor', to: a });
      equal(yield* t.lastAct(a, { do: 'end', reason: 'x' }), 'x', 'the end of A');
    },
  },
  {
    title: 'MON-2 the real reason if the monitor was there, noproc if the process was gone',
    *run(t) {
      const b = t.puppet();
      const before = t.context.monitor(b);
      t.tell(b, { do: 'end', reason: { tag: 'gone', detail: 1 } });
      equal(yield* t.down(before), { tag: 'gone', detail: 1 }, 'the reason');
      equal(yield* t.down(t.context.monitor(b)), 'noproc', 'the reason for a late monitor');
    },
  },
  {
    title: 'MON-2 spawnMonitor never says noproc, however early the child dies',
    edges: [6],
    *run(t) {
      for (let round = 0; round < 50; round++) {
        const { ref } = t.spawnMonitor(actor('dieAtOnce'), [`reason ${round}`]);
        equal(yield* t.down(ref), `reason ${round}`, 'the reason');
      }
    },
  },
  {
    title: 'MON-3 a name is resolved once; DOWN names it, and re-registration changes nothing',
    *run(t) {
      const [a, b, c] = t.puppets(3);
      const name = t.name('watched');
      yield* t.ask(b, { do: 'register', name });
      const ref = yield* t.ask(a, { do: 'monitor', to: name });
      yield* t.ask(a, { do: 'info', to: b });
      yield* t.ask(b, { do: 'unregister', name });
      yield* t.ask(c, { do: 'register', name });
      t.tell(b, { do: 'end', reason: 'x' });
      equal(yield* t.ask(a, { do: 'take', count: 1 }), [{ tag: 'DOWN', ref, object: name, reason: 'x' }], 'the DOWN');
      const nobody = t.name('nobody');
      const second = yield* t.ask(a, { do: 'monitor', to: nobody });
      const down = { tag: 'DOWN', ref: second, object: nobody, reason: 'noproc' };
      equal(yield* t.ask(a, { do: 'take', count: 1 }), [down], 'the DOWN of a name nobody has');
    },
  },
  {
    title: 'MON-4 demonitor says whether the monitor was still there, and no DOWN is added after it',
    edges: [7],
    *run(t) {
      for (let round = 0; round < 20; round++) {
        const [a, b] = t.puppets(2);
        const ref = (yield* t.ask(a, { do: 'monitor', to: b })) as Ref;
        t.tell(b, { do: 'end', reason: 'x' });
        const answers = yield* t.askAll(
          a,
          { do: 'demonitor', ref, flush: true },
          { do: 'demonitor', ref, flush: true },
          { do: 'monitor', to: b },
          { do: 'take', count: 1 },
          { do: 'drain' },
        );
        equal(answers[1], false, 'the second demonitor');
        equal((answers[3] as [{ ref: unknown }])[0].ref, answers[2], 'the only DOWN is that of the second monitor');
        equal(answers[4], [], 'what came later');
      }
    },
  },
  {
    title: 'MON-4 demonitor of a live process is true, of a fired monitor false; without flush its DOWN stays',
    edges: [7],
    *run(t) {
      const { context } = t;
      const b = t.puppet();
      const cancelled = context.monitor(b);
      equal(context.demonitor(cancelled), true, 'the first time');
      equal(context.demonitor(cancelled), false, 'the second time');
      const [kept, flushed, last] = [context.monitor(b), context.monitor(b), context.monitor(b)];
      t.tell(b, { do: 'return' });
      yield* t.down(last);
      equal(context.demonitor(kept), false, 'a fired monitor');
      equal(context.demonitor(flushed, { flush: true }), false, 'a fired monitor with flush');
      const left = yield* t.drain();
      equal(left, [{ tag: 'DOWN', ref: kept, object: b, reason: 'normal' }], 'what is left in the mailbox');
    },
  },
  {
    title: 'MON-5 the tag option replaces DOWN',
    *run(t) {
      const [a, b] = t.puppets(2);
      const [ref] = yield* t.askAll(a, { do: 'monitor', to: b, as: 'serverDown' }, { do: 'info', to: b });
      t.tell(b, { do: 'return' });
      const down = { tag: 'serverDown', ref, object: b, reason: 'normal' };
      equal(yield* t.ask(a, { do: 'take', count: 1 }), [down], 'the message');
    },
  },
];
