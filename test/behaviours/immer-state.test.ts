// Servers over drafts (`immer: true`): what leaves a callback, and what it leaves behind, are values and no drafts,
// however they are put together.
import { isDraft, original } from 'immer';
import { describe, expect, it } from 'vitest';
import {
  call,
  genServer,
  getState,
  noReply,
  ok,
  type Request,
  reply,
  start,
  stop,
} from '../../src/behaviours/index.ts';
import { type DownMessage, isDown, receive } from '../../src/process/index.ts';
import { play } from '../support/virtual-engine.ts';

interface Rich {
  items: { n: number }[];
  byName: Map<string, { n: number }>;
  seen: Set<number>;
  extra?: unknown;
}

type Change = (state: Rich) => readonly [answer: unknown, state: Rich];

const rich = (): Rich => ({ items: [{ n: 1 }], byName: new Map([['a', { n: 1 }]]), seen: new Set([1]) });

/** What one change answers, the state behind it, and what a later callback finds below its own draft. */
function changed(change: Change, history?: number) {
  let below: Rich | undefined;
  const server = genServer({
    immer: true,
    ...(history === undefined ? {} : { history }),
    init: () => ok(rich()),
    handleCall(request: Request<'change' | 'again', unknown>, _from, state: Rich) {
      if (request === 'change') return reply(...change(state));
      below = original(state);
      return reply('again', state);
    },
  });
  const seen = play(function* () {
    const started = yield* start(server);
    if (!started.ok) throw new Error('not started');
    const answer = yield* call(started.pid, 'change');
    yield* call(started.pid, 'again');
    return { answer, state: yield* getState(started.pid) };
  });
  return { ...seen, below };
}

describe('a server over drafts', () => {
  it('may have Maps and Sets in its state', () => {
    const { answer, state } = changed((draft) => {
      draft.byName.set('b', { n: 2 });
      (draft.byName.get('a') as { n: number }).n = 5;
      draft.seen.add(2);
      return [draft.byName, draft];
    });
    const byName = new Map([
      ['a', { n: 5 }],
      ['b', { n: 2 }],
    ]);
    expect(answer).toEqual(byName);
    expect(state).toEqual({ ...rich(), byName, seen: new Set([1, 2]) });
  });

  const answers: Record<string, (draft: Rich) => unknown> = {
    'an object': ({ items }) => ({ items, deep: { items } }),
    'an array': ({ items, byName }) => [items, byName.get('a')],
    'a Map': ({ items }) => new Map([['items', items]]),
    'a Set': ({ items }) => new Set([items]),
  };
  it.each(Object.entries(answers))('may answer with %s made of parts of its draft', (_, answerOf) => {
    const { answer } = changed((draft) => [answerOf(draft), draft]);
    expect(answer).toEqual(answerOf(rich()));
  });

  it.each([undefined, 5])(
    'may make its next state of parts of its draft, and no draft is left in it (history: %s)',
    (history) => {
      const { state, below } = changed((draft) => {
        draft.items[0].n = 7;
        return ['changed', { ...draft, extra: { first: draft.items[0] } }];
      }, history);
      expect(state).toEqual({ ...rich(), items: [{ n: 7 }], extra: { first: { n: 7 } } });
      expect([below?.items, below?.byName, below?.seen, below?.extra].map(isDraft)).toEqual([
        false,
        false,
        false,
        false,
      ]);
    },
  );

  it('may go on with a part of its draft', () => {
    let seen: unknown;
    const server = genServer({
      immer: true,
      init: () => ok(rich()),
      handleCall: (_request: Request<'go on', string>, _from, state: Rich) =>
        reply('gone on', state, { continue: { items: state.items } }),
      handleContinue(continuation, state: Rich) {
        seen = continuation;
        return noReply(state);
      },
    });
    play(function* () {
      const started = yield* start(server);
      if (started.ok) yield* call(started.pid, 'go on');
    });
    expect(seen).toEqual({ items: [{ n: 1 }] });
  });

  it('may end with a reason and an answer made of parts of its draft', () => {
    const server = genServer({
      immer: true,
      init: () => ok(rich()),
      handleCall: (_request: Request<'end', unknown>, _from, state: Rich) =>
        stop({ tag: 'shutdown', detail: { items: state.items } }, state, { items: state.items }),
    });
    const seen = play(function* (context) {
      const started = yield* start(server);
      if (!started.ok) throw new Error('not started');
      const ref = context.monitor(started.pid);
      const answer = yield* call(started.pid, 'end');
      const down = (yield* receive((message): message is DownMessage => isDown(message) && message.ref === ref)).reason;
      return { answer, down };
    });
    expect(seen.answer).toEqual({ items: [{ n: 1 }] });
    expect(seen.down).toEqual({ tag: 'shutdown', detail: { items: [{ n: 1 }] } });
  });
});
