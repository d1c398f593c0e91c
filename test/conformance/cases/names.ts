// REG-1: registered names.
import type { Context } from '../../../src/process/index.ts';
import type { Mfa, Pid, Ref } from '../../../src/term/index.ts';
import type { Case } from '../case.ts';
import { equal, holds } from '../check.ts';

const actor = (name: string): Mfa => ({ module: import.meta.url, export: name });

/** Says which of its possible names it has when it starts. */
export function sayOwner(context: Context<unknown>, to: Pid<unknown>, name: string): void {
  context.send(to, context.whereis(name) === context.self);
}

export const nameCases: readonly Case[] = [
  {
    title: 'REG-1 a registered name leads to its process on every thread that hears of the registration',
    *run(t) {
      const [a, b] = t.puppets(2);
      const name = t.name('known');
      equal(yield* t.ask(b, { do: 'register', name }), { ok: true }, 'the registration');
      equal(yield* t.ask(a, { do: 'whereis', name }), b, 'the owner seen by A');
      equal(t.context.whereis(name), b, 'the owner seen here');
      yield* t.ask(a, { do: 'send', to: name, message: 'hello' });
      equal(yield* t.ask(b, { do: 'take', count: 1 }), ['hello'], 'what B got');
    },
  },
  {
    title: 'REG-1 a taken name, a second name and the name undefined are refused',
    *run(t) {
      const [a, b] = t.puppets(2);
      const [name, other] = [t.name('taken'), t.name('second')];
      yield* t.ask(a, { do: 'register', name });
      equal(yield* t.ask(b, { do: 'register', name }), { ok: false, error: 'alreadyRegistered' }, 'a taken name');
      equal(yield* t.ask(a, { do: 'register', name: other }), { ok: false, error: 'hasName' }, 'a second name');
      equal(yield* t.ask(b, { do: 'register', name: 'undefined' }), { ok: false, error: 'badName' }, 'undefined');
      equal(yield* t.ask(b, { do: 'register', name: other }), { ok: true }, 'a free name');
    },
  },
  {
    title: 'REG-1 among many that want a name exactly one gets it',
    *run(t) {
      const { context } = t;
      const name = t.name('wanted');
      const pids = t.puppets(6);
      const aliases = pids.map((pid) => {
        const ref = context.alias('reply');
        context.send(pid, { tag: '$do', command: { do: 'register', name }, answerTo: ref });
        return ref;
      });
      const winners: unknown[] = [];
      for (const _alias of aliases) {
        const { ref, value } = yield* t.next<{ ref: unknown; value: { ok: boolean; error?: string } }>('an answer');
        if (value.ok) winners.push(pids[aliases.indexOf(ref as Ref)]);
        else equal(value.error, 'alreadyRegistered', 'the refusal');
      }
      equal(winners.length, 1, 'the number of winners');
      equal(yield* t.ask(pids[0], { do: 'whereis', name }), winners[0], 'the owner');
    },
  },
  {
    title: 'REG-1 unregister frees a name, also for its old owner; of an unknown name it is false',
    *run(t) {
      const [a, b] = t.puppets(2);
      const name = t.name('freed');
      yield* t.ask(a, { do: 'register', name });
      yield* t.ask(b, { do: 'send', to: name, message: 'by name' });
      equal(yield* t.ask(b, { do: 'unregister', name }), true, 'the first unregister');
      equal(yield* t.ask(b, { do: 'unregister', name }), false, 'the second unregister');
      equal(yield* t.ask(a, { do: 'take', count: 1 }), ['by name'], 'what was sent before still arrives');
      equal(yield* t.ask(b, { do: 'whereis', name }), undefined, 'the owner');
      equal(yield* t.ask(a, { do: 'register', name }), { ok: true }, 'registering again');
    },
  },
  {
    title: 'REG-1 a spawn with a name has it when its body starts, and fails when it is taken',
    *run(t) {
      const name = t.name('spawned');
      const first = t.spawnMonitor(actor('sayOwner'), [t.context.self, name], { name });
      equal(yield* t.next('its word'), true, 'it has its name');
      equal(yield* t.down(first.ref), 'normal', 'its end');
      const owner = t.puppet();
      equal(yield* t.ask(owner, { do: 'register', name }), { ok: true }, 'the name after its end');
      const second = t.spawnMonitor(actor('sayOwner'), [t.context.self, name], { name });
      const reason = (yield* t.down(second.ref)) as { tag: string; owner: unknown };
      equal([reason.tag, reason.owner], ['alreadyRegistered', owner], 'the end of the second');
      yield* t.silence('its body did not run');
    },
  },
  {
    title: 'REG-1 a dead process cannot get a name',
    *run(t) {
      const [a, b] = t.puppets(2);
      const name = t.name('dead');
      yield* t.lastAct(b, { do: 'return' });
      const result = yield* t.ask<{ ok: boolean }>(a, { do: 'register', name, pid: b });
      holds(!result.ok, 'the registration is refused');
      equal(yield* t.ask(a, { do: 'whereis', name }), undefined, 'the owner');
    },
  },
];
