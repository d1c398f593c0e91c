// What state machines of the library promise beside the conformance cases: a function per state, callbacks that wait,
// states with data in them, and mistakes that are told.
import { describe, expect, it } from 'vitest';
import {
  answer,
  callStatem,
  cast,
  eventTimeout,
  genStatem,
  keepState,
  keepStateAndData,
  namedTimeout,
  nextEvent,
  nextState,
  postpone,
  type Request,
  repeatState,
  type StatemAction,
  type StatemEvent,
  startIn,
  startLink,
  stateTimeout,
  stop,
} from '../../src/behaviours/index.ts';
import { type Context, context, isDown, pause, processInfo, receive, sleep } from '../../src/process/index.ts';
import type { Pid } from '../../src/term/index.ts';
import { play } from '../support/virtual-engine.ts';

type Call = Request<'push', 'opened' | 'closed'> | Request<'count', number>;

const door = genStatem({
  init: (_context, opened: number) => startIn('closed', opened),
  states: {
    closed(event: StatemEvent<string, Call, never, never>, opened: number) {
      if (event.type !== 'call') return keepStateAndData();
      if (event.request === 'count') return keepStateAndData(answer(event.from, opened));
      return nextState('open', opened + 1, [answer(event.from, 'opened'), namedTimeout('shut', 50)]);
    },
    *open(event: StatemEvent<string, Call, never, never>, opened: number) {
      if (event.type === 'timeout') return nextState('closed', opened);
      if (event.type !== 'call') return keepStateAndData();
      if (event.request === 'count') return keepStateAndData(answer(event.from, opened));
      yield* sleep(10);
      return nextState('closed', opened, [
        answer(event.from, 'closed'),
        namedTimeout('shut', Number.POSITIVE_INFINITY),
      ]);
    },
  },
});

it('a function per state, plain or waiting', () => {
  play(function* test() {
    const started = yield* startLink(door, [0]);
    if (!started.ok) throw new Error('not started');
    const ask = (request: 'push' | 'count') => callStatem(started.pid, request);
    expect(yield* ask('push')).toBe('opened');
    expect(yield* ask('push')).toBe('closed');
    expect(yield* ask('push')).toBe('opened');
    yield* sleep(100);
    expect(yield* ask('push')).toBe('opened');
    expect(yield* ask('count')).toBe(3);
  });
});

it('ST-5 an event timeout that was postponed is an event like any other when it comes again, and cancels a newer one', () => {
  const seen: string[] = [];
  const machine = genStatem({
    init: () => startIn('a', null, eventTimeout(0, 'first')),
    handleEvent(event: StatemEvent<string>, state: string) {
      seen.push(`${state} ${event.type === 'eventTimeout' ? event.content : event.type}`);
      return state === 'a' ? nextState('b', null, [postpone(), eventTimeout(0, 'second')]) : keepStateAndData();
    },
  });
  play(function* test() {
    yield* startLink(machine, []);
    yield* sleep(10);
  });
  expect(seen).toEqual(['a first', 'b first']);
});

it('ST-1 states with data are compared by their tag', () => {
  type State = { tag: 'idle' } | { tag: 'busy'; with: number };
  const seen: unknown[] = [];
  const machine = genStatem({
    stateEnter: true,
    init: () => startIn<State, null>({ tag: 'idle' }, null),
    handleEvent(event: StatemEvent<State, never, number, never>, state: State) {
      seen.push(event.type === 'enter' ? `enter ${state.tag}` : JSON.stringify(state));
      return event.type === 'cast'
        ? nextState<State, null>({ tag: 'busy', with: event.message }, null)
        : keepStateAndData();
    },
  });
  play(function* test(context: Context<unknown>) {
    const started = yield* startLink(machine);
    if (!started.ok) throw new Error('not started');
    for (const n of [1, 2]) cast(context, started.pid, n);
    yield* sleep(1);
  });
  expect(seen).toEqual(['enter idle', '{"tag":"idle"}', 'enter busy', '{"tag":"busy","with":1}']);
});

it('ST-4 the actions of a transition come before the enter call: its timeout is replaced, its answer is out', () => {
  const seen: unknown[] = [];
  const machine = genStatem({
    stateEnter: true,
    init: () => startIn('a', 0),
    handleEvent(event: StatemEvent<string, Request<'go' | 'crash', string>>, state: string) {
      if (event.type === 'call') {
        return nextState(event.request === 'go' ? 'b' : 'c', 0, [
          answer(event.from, 'gone'),
          stateTimeout(200, 'first'),
        ]);
      }
      if (event.type === 'enter' && state === 'c') throw new Error('no entry');
      if (event.type === 'stateTimeout') seen.push(event.content);
      return keepStateAndData(event.type === 'enter' && state === 'b' ? stateTimeout(20, 'second') : []);
    },
  });
  play(function* test(context: Context<unknown>) {
    context.trapExit(true);
    const started = yield* startLink(machine);
    if (!started.ok) throw new Error('not started');
    seen.push(yield* callStatem(started.pid, 'go'));
    yield* sleep(500);
    seen.push(yield* callStatem(started.pid, 'crash'));
  });
  expect(seen).toEqual(['gone', 'second', 'gone']);
});

it('ST-5 a timeout may be a point in time, and be given other content without another time', () => {
  const seen: unknown[] = [];
  const machine = genStatem({
    init: () => startIn('a', 0),
    handleEvent(event: StatemEvent<string, never, StatemAction[]>, _state, data: number, context) {
      if (event.type === 'cast') return keepStateAndData(event.message);
      if (event.type === 'stateTimeout' || event.type === 'timeout') seen.push([context.now(), event.content]);
      return keepState(data);
    },
  });
  play(function* test(context: Context<unknown>) {
    const started = yield* startLink(machine);
    if (!started.ok) throw new Error('not started');
    const { pid } = started;
    const at = context.now();
    cast(context, pid, [stateTimeout(at + 100, 'absolute', { isAbsolute: true })]);
    cast(context, pid, [namedTimeout('n', 50, 'old')]);
    yield* sleep(30);
    cast(context, pid, [namedTimeout('n', 'update', 'new')]);
    cast(context, pid, [stateTimeout('update', 'other')]);
    yield* sleep(200);
    cast(context, pid, [stateTimeout(at, 'over', { isAbsolute: true })]);
    cast(context, pid, [namedTimeout('n', 'update', 'none ran')]);
    cast(context, pid, [namedTimeout('n', 0, 'zero'), namedTimeout('n', 'update', 'zero updated')]);
    yield* sleep(1);
    const times = seen.map((each) => (each as [number, unknown])[0] - at);
    expect(seen.map((each) => (each as [number, unknown])[1])).toEqual([
      ...['new', 'other', 'over', 'none ran', 'zero updated'],
    ]);
    expect(times).toEqual([50, 100, 230, 230, 230]);
  });
  expect(seen).toHaveLength(5);
  expect(() => stateTimeout(5, null, { absolute: true } as never)).toThrow("a timeout has no option 'absolute'");
});

it('ST-1 objects without a tag are other states unless they are the same object', () => {
  const states = [{ n: 1 }, { n: 2 }];
  const entered: unknown[] = [];
  const machine = genStatem({
    stateEnter: true,
    init: () => startIn<object, null>(states[0], null),
    handleEvent(event: StatemEvent<object, never, number>, state: object) {
      if (event.type === 'enter') entered.push(states.indexOf(state as { n: number }));
      return event.type === 'cast' ? nextState<object, null>(states[event.message], null) : keepStateAndData();
    },
  });
  play(function* test(context: Context<unknown>) {
    const started = yield* startLink(machine);
    if (!started.ok) throw new Error('not started');
    for (const place of [1, 1, 0]) cast(context, started.pid, place);
    yield* sleep(1);
  });
  expect(entered).toEqual([0, 1, 0]);
});

describe('mistakes', () => {
  const endOf = (definition: unknown): unknown => {
    let reason: unknown;
    play(function* test(context: Context<unknown>) {
      const { pid, ref } = context.spawnMonitor(definition as never);
      context.send(pid as Pid<unknown>, 'hello');
      const down = yield* receive((message) => isDown(message, ref));
      reason = (down as unknown as { reason: unknown }).reason;
    });
    return reason;
  };
  const start = { init: () => startIn('only', 0) };

  it('a result that is none', () => {
    expect(endOf(genStatem({ ...start, handleEvent: () => undefined as never }))).toMatchObject({
      tag: 'badReturnValue',
    });
  });

  it('a state without a function', () => {
    const machine = genStatem({ ...start, states: { only: (_event, data: number) => nextState('lost', data) } });
    let reason: unknown;
    play(function* test(context: Context<unknown>) {
      const { pid, ref } = context.spawnMonitor(machine as never);
      for (const word of ['go', 'lost?']) context.send(pid as Pid<unknown>, word);
      const down = yield* receive((message) => isDown(message, ref));
      reason = (down as unknown as { reason: unknown }).reason;
    });
    expect(reason).toMatchObject({ tag: 'undefinedState', state: 'lost' });
  });

  it('a stop in init, and one later with its reason', () => {
    expect(endOf(genStatem({ init: () => stop('no'), handleEvent: () => keepState(0) }))).toBe('no');
    expect(endOf(genStatem({ ...start, handleEvent: () => stop('enough') }))).toBe('enough');
  });

  it('callbacks that are none', () => {
    expect(() => genStatem({ ...start } as never)).toThrow('either handleEvent or states');
    expect(() => genStatem({} as never)).toThrow('genStatem: init');
  });
});

it('ST-4 an enter call that repeats its state is made again, and still comes from the same one', () => {
  const seen: string[] = [];
  const machine = genStatem({
    stateEnter: true,
    init: () => startIn<string, number>('a', 0),
    handleEvent(event: StatemEvent<string, never, 'go', never>, state: string, left: number) {
      if (event.type !== 'enter') return nextState('b', 2);
      seen.push(`${state} from ${event.from}: ${left}`);
      return left > 0 ? repeatState(left - 1) : keepState(0);
    },
  });
  play(function* test(context) {
    const started = yield* startLink(machine);
    if (!started.ok) throw new Error('not started');
    cast(context, started.pid, 'go');
    yield* sleep(1);
  });
  expect(seen).toEqual(['a from a: 0', 'b from a: 2', 'b from a: 1', 'b from a: 0']);
});

it.each(['plain', 'waiting'])('ST-3 a machine that never runs out of inserted events starves nobody: %s', (how) => {
  const again = () => keepStateAndData(nextEvent({ type: 'internal', content: null }));
  const machine = genStatem({
    init: () => startIn('only', null),
    handleEvent:
      how === 'plain'
        ? again
        : function* waiting() {
            yield* context();
            return again();
          },
  });
  play(function* test(self: Context<unknown>) {
    const busy = self.spawn(machine as never) as Pid<unknown>;
    self.send(busy, 'go');
    for (let turn = 0; turn < 5; turn++) yield* pause();
    const info = yield* processInfo(busy);
    expect(info?.reductions).toBeGreaterThan(50);
    const ref = self.monitor(busy);
    self.exit(busy, 'kill');
    expect(yield* receive((message) => isDown(message, ref))).toMatchObject({ reason: 'killed' });
  });
});

it('ST-2 ten thousand postponed events come again in order, also when each of them inserts one', () => {
  const COUNT = 10_000;
  const seen: unknown[] = [];
  const machine = genStatem({
    init: () => startIn<string, null>('closed', null),
    handleEvent(event: StatemEvent<string, never, number, 'open'>, state: string) {
      if (event.type === 'info') return nextState<string, null>('open', null);
      if (state === 'closed') return keepStateAndData(postpone());
      if (event.type === 'cast') {
        return keepStateAndData(nextEvent({ type: 'internal', content: event.message }));
      }
      seen.push((event as { content: unknown }).content);
      return keepStateAndData();
    },
  });
  const began = performance.now();
  play(function* test(self: Context<unknown>) {
    const started = yield* startLink(machine);
    if (!started.ok) throw new Error('not started');
    for (let number = 0; number < COUNT; number++) cast(self, started.pid, number);
    self.send(started.pid as Pid<unknown>, 'open');
    while (seen.length < COUNT) yield* sleep(1);
  });
  expect(seen).toEqual(Array.from({ length: COUNT }, (_each, index) => index));
  expect(performance.now() - began).toBeLessThan(1_000);
});
