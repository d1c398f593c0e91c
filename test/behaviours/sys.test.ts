// What system messages promise beside the conformance cases (SYS-1): counts, the last events, traces in the log, and the
// steps of a state.
import { describe, expect, it } from 'vitest';
import {
  addHandler,
  answer,
  call,
  callStatem,
  cast,
  countMessages,
  dynamicSupervisor,
  genEvent,
  genServer,
  genStatem,
  getEvents,
  getHistory,
  getState,
  getStatistics,
  getStatus,
  goChannel,
  joinGroup,
  keepEvents,
  keepStateAndData,
  noReply,
  ok,
  persistentTerms,
  processGroups,
  putTerm,
  type Request,
  replaceState,
  reply,
  type StatemEvent,
  sendTo,
  startIn,
  startLink,
  stepBack,
  stepForward,
  stop,
  supervisor,
  syncNotify,
  taskSupervisor,
  traceEvents,
  whichChildren,
} from '../../src/behaviours/index.ts';
import type { Context, Effects } from '../../src/process/index.ts';
import { startSystem } from '../../src/start.ts';
import type { AnyPid } from '../../src/term/index.ts';
import { play } from '../support/virtual-engine.ts';

type Word = Request<'get', readonly string[]> | Request<{ readonly add: string }, number>;

interface Words {
  words: string[];
}

const server = (history?: number) =>
  genServer({
    label: 'words',
    immer: true,
    ...(history === undefined ? {} : { history }),
    init: () => ok<Words>({ words: [] }),
    handleCall(request: Word, _from, state: Words) {
      if (request === 'get') return reply(state.words as never, state);
      return reply(state.words.push(request.add) as never, state);
    },
    handleCast(word: string, state: Words) {
      if (word === 'boom') throw new Error('boom');
      if (word === 'reset') return noReply({ words: [] });
      state.words.push(word);
      return noReply(state);
    },
  });

function* begin(definition: unknown): Effects<AnyPid> {
  const started = yield* startLink(definition as ReturnType<typeof server>);
  if (!started.ok) throw new Error('not started');
  return started.pid;
}

const machine = genStatem({
  label: 'machine',
  init: () => startIn<string, null>('only', null),
  handleEvent: (event: StatemEvent<string, Request<'ask', 'told'>, never, never>) =>
    event.type === 'call' ? keepStateAndData(answer(event.from, 'told')) : keepStateAndData(),
});

describe('SYS-1 statistics', () => {
  it('count messages in and answers out from when they were begun; without them there are none', () => {
    play(function* test(context: Context<unknown>) {
      const pid = yield* begin(server());
      cast(context, pid as never, 'before' as never);
      expect(yield* getStatistics(pid)).toBe(null);
      yield* countMessages(pid, true);
      cast(context, pid as never, 'a' as never);
      yield* call(pid as never, { add: 'b' } as never);
      const counts = yield* getStatistics(pid);
      expect(counts).toMatchObject({ messagesIn: 2, messagesOut: 1 });
      expect(counts?.reductions).toBeGreaterThanOrEqual(2);
      expect(counts?.currentMs).toBeGreaterThanOrEqual(counts?.startMs ?? Number.NaN);
      yield* countMessages(pid, false);
      expect(yield* getStatistics(pid)).toBe(null);
    });
  });

  it('are kept by state machines and supervisors as well', () => {
    play(function* test() {
      const pid = yield* begin(machine);
      yield* countMessages(pid, true);
      yield* callStatem(pid as never, 'ask' as never);
      expect(yield* getStatistics(pid)).toMatchObject({ messagesIn: 1, messagesOut: 1 });
      const tree = yield* begin(supervisor({ strategy: 'oneForOne', children: [] }));
      yield* countMessages(tree, true);
      yield* call(tree as never, { tag: 'count' } as never);
      expect(yield* getStatistics(tree)).toMatchObject({ messagesIn: 1, messagesOut: 1 });
    });
  });
});

describe('SYS-1 events', () => {
  it('the last ones are kept, in order, and forgotten on request', () => {
    play(function* test(context: Context<unknown>) {
      const pid = yield* begin(server());
      yield* keepEvents(pid, 3);
      for (const word of ['a', 'b']) cast(context, pid as never, word as never);
      yield* call(pid as never, { add: 'c' } as never);
      expect(yield* getEvents(pid)).toEqual([
        { tag: 'in', message: expect.objectContaining({ tag: '$call', request: { add: 'c' } }) },
        { tag: 'out', to: context.self, message: 3 },
        { tag: 'next', text: expect.stringContaining('"c"') },
      ]);
      yield* keepEvents(pid, 0);
      expect(yield* getEvents(pid)).toEqual([]);
    });
  });

  it('a trace writes those of one behaviour to the log, while it is on', () => {
    play(function* test(_context, engine) {
      const traced = yield* begin(machine);
      const other = yield* begin(machine);
      yield* traceEvents(traced, true);
      for (const pid of [traced, other]) yield* callStatem(pid as never, 'ask' as never);
      yield* traceEvents(traced, false);
      yield* callStatem(traced as never, 'ask' as never);
      expect(engine.logged('trace of a behaviour')).toEqual(
        ['in', 'out', 'next'].map((event) => expect.objectContaining({ pid: String(traced), label: 'machine', event })),
      );
    });
  });
});

describe('the steps of a state', () => {
  const get = (pid: AnyPid) => getState(pid) as Effects<Words>;

  it('are taken back and taken again, as far as they are remembered', () => {
    play(function* test(context: Context<unknown>) {
      const pid = yield* begin(server(2));
      for (const word of ['a', 'b', 'c']) cast(context, pid as never, word as never);
      expect((yield* get(pid)).words).toEqual(['a', 'b', 'c']);
      expect(yield* stepBack(pid)).toBe(1);
      expect((yield* get(pid)).words).toEqual(['a', 'b']);
      expect(yield* stepBack(pid, 5)).toBe(1);
      expect((yield* get(pid)).words).toEqual(['a']);
      expect(yield* stepForward(pid, 9)).toBe(2);
      expect((yield* get(pid)).words).toEqual(['a', 'b', 'c']);
    });
  });

  it('are patches; a new one takes the place of those taken back, and one that fails is none', () => {
    play(function* test(context: Context<unknown>) {
      const pid = yield* begin(server(10));
      for (const word of ['a', 'b']) cast(context, pid as never, word as never);
      yield* call(pid as never, 'get' as never);
      yield* stepBack(pid);
      cast(context, pid as never, 'c' as never);
      const { position, steps } = yield* getHistory(pid);
      expect(position).toBe(2);
      expect(steps.map(({ patches }) => patches)).toEqual([
        [{ op: 'add', path: ['words', 0], value: 'a' }],
        [{ op: 'add', path: ['words', 1], value: 'c' }],
      ]);
      expect(yield* stepForward(pid)).toBe(0);
      cast(context, pid as never, 'reset' as never);
      yield* replaceState(pid, { words: ['z'] });
      expect(yield* stepBack(pid)).toBe(1);
      expect((yield* get(pid)).words).toEqual([]);
      expect(yield* stepBack(pid)).toBe(1);
      expect((yield* get(pid)).words).toEqual(['a', 'c']);
    });
  });

  it('of a number are remembered whole', () => {
    const counter = genServer({
      immer: true,
      history: 5,
      init: () => ok(0),
      handleCast: (by: number, count: number) => (by < 0 ? stop('shutdown') : noReply(count + by)),
    });
    play(function* test(context: Context<unknown>) {
      const pid = yield* begin(counter);
      for (const by of [1, 10]) cast(context, pid as never, by as never);
      yield* stepBack(pid);
      expect(yield* getState(pid)).toBe(1);
      yield* stepForward(pid);
      expect(yield* getState(pid)).toBe(11);
    });
  });

  it('are refused where there are none, and by a definition without immer', () => {
    play(function* test() {
      const pid = yield* begin(server());
      let thrown: unknown;
      try {
        yield* stepBack(pid);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toMatchObject({ name: 'TypeError', message: expect.stringContaining('history: n') });
      expect((yield* get(pid)).words).toEqual([]);
    });
    expect(() => genServer({ history: 3, init: () => ok(0) })).toThrow('with immer: true');
  });
});

describe('behaviours whose state is their own', () => {
  const child = genServer({ init: () => ok(0) });
  const definitions = {
    supervisor: supervisor({ children: [{ id: 'c', start: { body: child } }] }),
    dynamicSupervisor: dynamicSupervisor(),
    taskSupervisor: taskSupervisor(),
    processGroups: processGroups('shown'),
    persistentTerms: persistentTerms(),
  };

  it.each(Object.entries(definitions))(
    'SYS-1 %s shows its children and flags, and lets nobody replace them',
    (_name, definition) =>
      inSystem(function* () {
        const started = yield* startLink(definition as typeof definitions.supervisor);
        if (!started.ok) throw new Error('not started');
        const state = (yield* getState(started.pid)) as { children: readonly unknown[]; intensity: number };
        expect(state.children).toEqual(yield* whichChildren(started.pid));
        expect(state.intensity).toBeGreaterThan(0);
        expect((yield* getStatus(started.pid)).state).toEqual(state);
        expect(yield* failureOf(replaceState(started.pid, 5))).toContain('can be looked at, not replaced');
        expect(yield* whichChildren(started.pid)).toEqual(state.children);
      }),
  );

  it('SYS-1 the processes of the library show what they hold, and let nobody replace it', () =>
    inSystem(function* (context) {
      yield* startLink(processGroups('shown'));
      yield* joinGroup('shown', 'room');
      yield* startLink(persistentTerms());
      yield* putTerm('key', 1);
      const channel = goChannel<number>(context, 2);
      yield* sendTo(channel, 1);
      const shown: readonly (readonly [AnyPid | string, unknown])[] = [
        ['groups/shown/0', new Map([['room', [context.self]]])],
        ['persistentTerms/owner', { keys: ['key'] }],
        [channel.pid, { length: 1, capacity: 2, isClosed: false, senders: 0, receivers: 0 }],
      ];
      for (const [server, state] of shown) {
        expect(yield* getState(server)).toEqual(state);
        expect((yield* getStatus(server)).state).toEqual(state);
        expect(yield* failureOf(replaceState(server, state))).toContain('can be looked at, not replaced');
      }
    }));

  it('SYS-1 getStatus shows what is nearest to a state that is no term', () =>
    inSystem(function* () {
      const started = yield* startLink(genServer({ init: () => ok({ run: () => 1 }) }));
      if (!started.ok) throw new Error('not started');
      expect((yield* getStatus(started.pid)).state).toEqual({ run: expect.stringContaining('function') });
    }));

  it('SYS-1 EV-1 an event manager shows the states of its handlers, and takes others for those that are named', () =>
    inSystem(function* () {
      const sum = { init: (_context: unknown, first: number) => first, handleEvent: (by: number, n: number) => n + by };
      const started = yield* startLink(genEvent({ handlers: { sum } }));
      if (!started.ok) throw new Error('not started');
      for (const id of ['a', 'b']) yield* addHandler(started.pid, { name: 'sum', id, args: [1] });
      yield* syncNotify(started.pid, 4);
      const shown = ['b', 'a'].map((id) => ({ id, name: 'sum', state: 5 }));
      expect(yield* getState(started.pid)).toEqual(shown);
      expect((yield* getStatus(started.pid)).state).toEqual(shown);
      for (const wrong of [5, null, [null], [{ id: 'c', state: 1 }], [{ id: 'a' }]]) {
        expect(yield* failureOf(replaceState(started.pid, wrong))).toContain('list of { id, state }');
      }
      yield* replaceState(started.pid, [{ id: 'a', state: 100 }]);
      yield* syncNotify(started.pid, 1);
      expect(yield* getState(started.pid)).toEqual(
        [shown[0], shown[1]].map((each, at) => ({ ...each, state: [6, 101][at] })),
      );
    }));

  it('SYS-1 a state machine takes { state, data } with a state that it has, and nothing else', () =>
    inSystem(function* () {
      const machine = genStatem({ init: () => startIn('a', 1), states: { a: () => keepStateAndData() } });
      const started = yield* startLink(machine);
      if (!started.ok) throw new Error('not started');
      for (const wrong of [5, null, { state: 'a' }, { state: 'b', data: 2 }]) {
        expect(yield* failureOf(replaceState(started.pid, wrong))).not.toBe('');
      }
      expect(yield* getState(started.pid)).toEqual({ state: 'a', data: 1 });
      yield* replaceState(started.pid, { state: 'a', data: 2 });
      expect(yield* getState(started.pid)).toEqual({ state: 'a', data: 2 });
    }));
});

/** What an effect throws, as text; '' for nothing. */
function* failureOf(effects: Effects<unknown>): Effects<string> {
  try {
    yield* effects;
    return '';
  } catch (error) {
    return String(error);
  }
}

async function inSystem(body: (context: Context<unknown>) => Effects<void>): Promise<void> {
  await using system = await startSystem({ logger: 'silent' });
  await system.run(body);
}
