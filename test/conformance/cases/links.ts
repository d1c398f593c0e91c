// LNK-1...7: links, and what crosses what.
import type { Context, Effects, ProcessInfo } from '../../../src/process/index.ts';
import type { Mfa, Pid } from '../../../src/term/index.ts';
import type { Case, CaseContext } from '../case.ts';
import { equal, holds } from '../check.ts';
import { place } from '../plan.ts';

const actor = (name: string): Mfa => ({ module: import.meta.url, export: name });

/** Ends at once with its argument. */
export function dieAtOnce(context: Context<unknown>, reason: unknown): void {
  if (reason !== 'normal') context.exit(reason);
}

/** Links A to B and returns when both sides know it. */
function* linked(t: CaseContext, a: Pid<unknown>, b: Pid<unknown>): Effects<void> {
  const answers = yield* t.askAll(a, { do: 'link', to: b }, { do: 'info', to: b });
  holds((answers[1] as ProcessInfo).links.includes(a), 'B knows the link');
}

function* linksOf(t: CaseContext, asker: Pid<unknown>, pid: Pid<unknown>): Effects<readonly unknown[]> {
  return (yield* t.ask<ProcessInfo>(asker, { do: 'info', to: pid })).links;
}

/** Ends `b` and returns when `a` has seen its death; what else `a` had got by then. */
function* endSeenBy(t: CaseContext, a: Pid<unknown>, b: Pid<unknown>, reason: unknown): Effects<unknown[]> {
  const ref = yield* t.ask(a, { do: 'monitor', to: b });
  t.tell(b, { do: 'end', reason });
  for (const got: unknown[] = []; ; ) {
    const [message] = yield* t.ask<unknown[]>(a, { do: 'take', count: 1 });
    if ((message as { ref?: unknown }).ref === ref) return got;
    got.push(message);
  }
}

export const linkCases: readonly Case[] = [
  {
    title: 'LNK-1 a link works both ways, whoever made it',
    *run(t) {
      for (const first of [0, 1]) {
        const pair = t.puppets(2);
        yield* linked(t, pair[0], pair[1]);
        const ref = yield* t.watch(pair[1 - first]);
        t.tell(pair[first], { do: 'end', reason: 'x' });
        equal(yield* t.down(ref), 'x', 'the end of the other side');
      }
    },
  },
  {
    title: 'LNK-1 links are not counted: one unlink removes what several links made',
    *run(t) {
      const [a, b] = t.puppets(2);
      for (let count = 0; count < 3; count++) yield* linked(t, a, b);
      yield* linked(t, b, a);
      equal(yield* linksOf(t, t.puppet(), a), [b], 'the links of A');
      yield* t.ask(a, { do: 'unlink', to: b });
      equal(yield* endSeenBy(t, a, b, 'x'), [], 'what A got of the end of B');
      equal(yield* linksOf(t, t.puppet(), a), [], 'the links of A after it');
    },
  },
  {
    title: 'LNK-1 either side may unlink',
    *run(t) {
      const [a, b] = t.puppets(2);
      yield* linked(t, a, b);
      yield* t.ask(b, { do: 'unlink', to: a });
      equal(yield* endSeenBy(t, b, a, 'x'), [], 'what B got of the end of A');
      equal(yield* t.ask(b, { do: 'drain' }), [], 'the mailbox of B');
    },
  },
  {
    title: 'LNK-1 a link to oneself is nothing',
    *run(t) {
      const a = t.puppet();
      yield* t.ask(a, { do: 'link', to: a });
      equal(yield* linksOf(t, a, a), [], 'the links of A');
      equal(yield* t.lastAct(a, { do: 'end', reason: 'x' }), 'x', 'the end of A');
    },
  },
  {
    title: 'LNK-2 a normal end leaves a non-trapping link alive; a trapping one gets its EXIT',
    *run(t) {
      const [a, b, c] = t.puppets(3);
      yield* t.ask(c, { do: 'trapExit', on: true });
      yield* linked(t, a, b);
      yield* linked(t, c, b);
      equal(yield* endSeenBy(t, a, b, 'normal'), [], 'what A got');
      const exit = { tag: 'EXIT', from: b, reason: 'normal' };
      equal(yield* t.ask(c, { do: 'take', count: 1 }), [exit], 'what C got');
      equal(yield* linksOf(t, t.puppet(), a), [], 'the links of A');
    },
  },
  {
    title: 'LNK-3 a death goes through a chain of links with the same reason',
    *run(t) {
      const reason = { tag: 'broken', detail: ['pipe', 7] };
      const chain = t.puppets(5);
      for (let index = 1; index < chain.length; index++) yield* linked(t, chain[index - 1], chain[index]);
      const refs = yield* t.watchAll(chain);
      t.tell(chain[2], { do: 'end', reason });
      for (const ref of refs) equal(yield* t.down(ref), reason, 'the end of a link of the chain');
    },
  },
  {
    title: 'LNK-3 a kill goes through links as killed',
    edges: [2],
    *run(t) {
      const chain = t.puppets(3);
      for (let index = 1; index < chain.length; index++) yield* linked(t, chain[index - 1], chain[index]);
      const refs = yield* t.watchAll(chain);
      t.context.exit(chain[0], 'kill');
      for (const ref of refs) equal(yield* t.down(ref), 'killed', 'the end of a link of the chain');
    },
  },
  {
    title: 'LNK-4 a link to a dead process ends a non-trapping caller with noproc, a trapping one gets its EXIT',
    *run(t) {
      const [a, b, dead] = t.puppets(3);
      yield* t.lastAct(dead, { do: 'return' });
      equal(
        yield* t.lastAct(a, {
          do: 'all',
          commands: [
            { do: 'link', to: dead },
            { do: 'take', count: 1 },
          ],
        }),
        'noproc',
        'A',
      );
      yield* t.askAll(b, { do: 'trapExit', on: true }, { do: 'link', to: dead });
      const exit = { tag: 'EXIT', from: dead, reason: 'noproc' };
      equal(yield* t.ask(b, { do: 'take', count: 1 }), [exit], 'what B got');
    },
  },
  {
    title: 'LNK-5 after unlink and a flush the death of the other side can do nothing, even one that crosses',
    edges: [5],
    *run(t) {
      for (let round = 0; round < 20; round++) {
        const [a, b] = t.puppets(2);
        yield* t.ask(a, { do: 'trapExit', on: true });
        yield* linked(t, a, b);
        t.tell(b, { do: 'end', reason: 'x' });
        const answers = yield* t.askAll(
          a,
          { do: 'unlink', to: b },
          { do: 'drain' },
          { do: 'monitor', to: b },
          { do: 'take', count: 1 },
          { do: 'drain' },
        );
        const [{ tag, ref }] = answers[3] as [{ tag: string; ref: unknown }];
        equal([tag, ref], ['DOWN', answers[2]], 'the first message after unlink and flush');
        equal(answers[4], [], 'what came later');
      }
    },
  },
  {
    title: 'LNK-5 a link made anew after an unlink is heard exactly once when the other side dies meanwhile',
    edges: [5],
    *run(t) {
      for (let round = 0; round < 20; round++) {
        const [a, b] = t.puppets(2);
        yield* t.ask(a, { do: 'trapExit', on: true });
        yield* linked(t, a, b);
        t.tell(b, { do: 'end', reason: 'x' });
        const answers = yield* t.askAll(
          a,
          { do: 'unlink', to: b },
          { do: 'drain' },
          { do: 'link', to: b },
          { do: 'take', count: 1 },
          { do: 'monitor', to: b },
          { do: 'take', count: 1 },
          { do: 'drain' },
        );
        const [exit] = answers[3] as [{ tag: string; reason: unknown }];
        holds(exit.tag === 'EXIT' && (exit.reason === 'x' || exit.reason === 'noproc'), 'the EXIT of the new link');
        equal((answers[5] as [{ tag: string }])[0].tag, 'DOWN', 'what came behind the one EXIT');
        equal(answers[6], [], 'what came later');
      }
    },
  },
  {
    title: 'LNK-5 however links and unlinks cross, both sides agree in the end',
    edges: [5],
    *run(t) {
      const [a, b] = t.puppets(2);
      for (let round = 0; round < 20; round++) {
        for (const [own, other] of [
          [a, b],
          [b, a],
        ]) {
          const count = 1 + Math.floor(t.context.random() * 4);
          const commands = Array.from(
            { length: count },
            () => ({ do: t.context.random() < 0.5 ? 'link' : 'unlink', to: other }) as const,
          );
          t.tell(own, { do: 'all', commands });
        }
        // An info request and its answer run behind the signals of both directions; the second pair behind the answers
        // to those.
        for (let pass = 0; pass < 2; pass++) {
          yield* linksOf(t, a, b);
          yield* linksOf(t, b, a);
        }
        const sides = [yield* linksOf(t, b, a), yield* linksOf(t, a, b)];
        equal(sides[0].length, sides[1].length, `the links of both sides in round ${round}`);
      }
      yield* t.ask(a, { do: 'unlink', to: b });
    },
  },
  {
    title: 'LNK-6 spawnLink links before the child runs: its early death is seen with its real reason',
    edges: [6],
    *run(t) {
      const { context } = t;
      context.trapExit(true);
      for (let round = 0; round < 50; round++) {
        const reason = round % 2 === 0 ? `reason ${round}` : 'normal';
        const pid = t.spawnLink(actor('dieAtOnce'), [reason]);
        equal(yield* t.next('its EXIT'), { tag: 'EXIT', from: pid, reason }, 'the EXIT of the child');
      }
    },
  },
  {
    title: 'LNK-6 a child that dies at once takes its non-trapping parent along',
    edges: [6],
    *run(t) {
      const a = t.puppet();
      const reason = yield* t.lastAct(a, {
        do: 'spawnLink',
        body: actor('dieAtOnce'),
        args: ['early'],
        ...place(t.plan, a),
      });
      equal(reason, 'early', 'the end of the parent');
    },
  },
  {
    title: 'LNK-7 the EXIT of a link comes before the DOWN of a monitor on the same process',
    *run(t) {
      const { context } = t;
      context.trapExit(true);
      for (let round = 0; round < 10; round++) {
        const pid = t.spawnLink(actor('dieAtOnce'), [`reason ${round}`]);
        const b = t.puppet();
        context.monitor(b);
        context.link(b);
        t.tell(b, { do: 'end', reason: 'x' });
        const tags: string[] = [];
        while (tags.length < 3) tags.push((yield* t.next<{ tag: string; from?: unknown }>('news')).tag);
        equal(tags.filter((tag) => tag === 'EXIT').length, 2, `one EXIT each, ${pid}`);
        holds(tags[2] === 'DOWN' || tags[1] === 'DOWN', `the order of ${tags}`);
        holds(tags[0] === 'EXIT', `the order of ${tags}`);
      }
    },
  },
];
