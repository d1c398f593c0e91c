// ALI-1, ALI-2: aliases, and requests built on them.
import type { Ref } from '../../../src/term/index.ts';
import type { Case } from '../case.ts';
import { equal } from '../check.ts';

export const aliasCases: readonly Case[] = [
  {
    title: 'ALI-1 an alias reaches its creator until it is taken back; what had arrived stays',
    *run(t) {
      const [a, b] = t.puppets(2);
      const alias = yield* t.ask<Ref>(b, { do: 'alias' });
      yield* t.askAll(
        a,
        { do: 'send', to: alias, message: 1 },
        { do: 'send', to: alias, message: 2 },
        { do: 'send', to: b, message: 'mark' },
      );
      const first = yield* t.askAll(
        b,
        { do: 'take', count: 1 },
        { do: 'unalias', ref: alias },
        { do: 'unalias', ref: alias },
      );
      equal(first[1], true, 'the first unalias');
      equal(first[2], false, 'the second unalias');
      const rest = yield* t.askAll(a, { do: 'send', to: alias, message: 3 }, { do: 'send', to: b, message: 'end' });
      equal(rest, [undefined, undefined], 'sending to a dead alias is silent');
      const seen: unknown[] = [...(first[0] as unknown[])];
      while (seen.at(-1) !== 'end') seen.push(...(yield* t.ask<unknown[]>(b, { do: 'take', count: 1 })));
      // The alias is judged on reception: 2 may or may not have been received before it was taken back, 3 never is.
      equal(
        seen.filter((message) => message !== 2),
        [1, 'mark', 'end'],
        'what B got',
      );
    },
  },
  {
    title: 'ALI-1 a reply alias ends with the first message through it',
    *run(t) {
      const [a, b] = t.puppets(2);
      const alias = yield* t.ask<Ref>(b, { do: 'alias', mode: 'reply' });
      for (const message of [1, 2]) yield* t.ask(a, { do: 'send', to: alias, message });
      yield* t.ask(a, { do: 'send', to: b, message: 'end' });
      equal(yield* t.ask(b, { do: 'take', count: 2 }), [1, 'end'], 'what B got');
      equal(yield* t.ask(b, { do: 'unalias', ref: alias }), false, 'the alias is gone');
    },
  },
  {
    title: 'ALI-1 only its creator can take an alias back',
    *run(t) {
      const [a, b] = t.puppets(2);
      const alias = yield* t.ask<Ref>(b, { do: 'alias' });
      equal(yield* t.ask(a, { do: 'unalias', ref: alias }), false, 'unalias by another');
      yield* t.ask(a, { do: 'send', to: alias, message: 'works' });
      equal(yield* t.ask(b, { do: 'take', count: 1 }), ['works'], 'what B got');
    },
  },
  {
    title: 'ALI-1 an alias of a dead process is silent',
    *run(t) {
      const [a, b] = t.puppets(2);
      const alias = yield* t.ask<Ref>(b, { do: 'alias' });
      yield* t.lastAct(b, { do: 'return' });
      equal(yield* t.ask(a, { do: 'send', to: alias, message: 'late' }), undefined, 'the send');
    },
  },
  {
    title: 'ALI-1 a demonitor alias lives as long as its monitor',
    *run(t) {
      const [a, b, watched] = t.puppets(3);
      const alias = yield* t.ask<Ref>(b, { do: 'monitor', to: watched, alias: 'demonitor' });
      for (const message of [1, 2]) yield* t.ask(a, { do: 'send', to: alias, message });
      equal(yield* t.ask(b, { do: 'take', count: 2 }), [1, 2], 'what B got');
      equal(yield* t.ask(b, { do: 'demonitor', ref: alias }), true, 'the monitor was there');
      yield* t.askAll(a, { do: 'send', to: alias, message: 3 }, { do: 'send', to: b, message: 'end' });
      equal(yield* t.ask(b, { do: 'take', count: 1 }), ['end'], 'what B got then');
      const second = yield* t.ask<Ref>(b, { do: 'monitor', to: watched, alias: 'demonitor' });
      t.tell(watched, { do: 'return' });
      yield* t.ask(b, { do: 'take', count: 1 });
      yield* t.askAll(a, { do: 'send', to: second, message: 4 }, { do: 'send', to: b, message: 'end' });
      equal(yield* t.ask(b, { do: 'take', count: 1 }), ['end'], 'what B got after the DOWN');
    },
  },
  {
    title: 'ALI-2 the first reply ends alias and monitor: no second reply and no DOWN can follow',
    edges: [8],
    *run(t) {
      const [client, server] = t.puppets(2);
      const alias = yield* t.ask<Ref>(client, { do: 'monitor', to: server, alias: 'replyDemonitor' });
      t.tell(server, {
        do: 'all',
        commands: [
          { do: 'send', to: alias, message: 'reply' },
          { do: 'send', to: alias, message: 'second reply' },
          { do: 'end', reason: 'x' },
        ],
      });
      equal(yield* t.ask(client, { do: 'take', count: 1 }), ['reply'], 'the reply');
      const after = yield* t.askAll(client, { do: 'monitor', to: server }, { do: 'take', count: 1 }, { do: 'drain' });
      equal((after[1] as [{ ref: unknown }])[0].ref, after[0], 'the next message is the DOWN of the new monitor');
      equal(after[2], [], 'what came later');
      equal(yield* t.ask(client, { do: 'demonitor', ref: alias }), false, 'the monitor is gone');
    },
  },
  {
    title: 'ALI-2 after giving up, a late reply never reaches the mailbox; one that had arrived is found',
    edges: [8],
    *run(t) {
      const [client, server] = t.puppets(2);
      const alias = yield* t.ask<Ref>(client, { do: 'monitor', to: server, alias: 'replyDemonitor' });
      equal(yield* t.ask(client, { do: 'demonitor', ref: alias, flush: true }), true, 'giving up');
      yield* t.askAll(server, { do: 'send', to: alias, message: 'late' }, { do: 'send', to: client, message: 'end' });
      equal(yield* t.ask(client, { do: 'take', count: 1 }), ['end'], 'what the client got');
      const again = yield* t.ask<Ref>(client, { do: 'monitor', to: server, alias: 'replyDemonitor' });
      yield* t.askAll(
        server,
        { do: 'send', to: again, message: 'in time' },
        { do: 'send', to: client, message: 'end' },
      );
      while (((yield* t.ask<unknown[]>(server, { do: 'inbox', to: client })) ?? []).length < 2);
      equal(yield* t.ask(client, { do: 'demonitor', ref: again, flush: true }), false, 'giving up too late');
      equal(yield* t.ask(client, { do: 'drain' }), ['in time', 'end'], 'what the client finds');
    },
  },
];
