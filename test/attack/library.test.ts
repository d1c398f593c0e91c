// The library above processes, used as it must not be: what is wrong is refused by name in the process that did it, so
// that a slip of one does not become a wait for ever, a wrong number or the end of a process that others share
// (TSK-1, TSK-2, EV-1, ST-1, PG-1, PAR-1, ETS-1, CNT-1, GS-6, GS-14).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addHandler,
  addSupHandler,
  asyncNolink,
  asyncStream,
  asyncTask,
  awaitTask,
  awaitTasks,
  type Context,
  callHandler,
  checkResponse,
  createCounters,
  createTable,
  deleteHandler,
  dynamicSupervisor,
  type Effects,
  genEvent,
  genServer,
  genStatem,
  goChannel,
  goChannelInfo,
  insertRow,
  isProcessAlive,
  joinGroup,
  keepStateAndData,
  leaveGroup,
  membersOf,
  monitorGroup,
  noReply,
  notify,
  ok,
  onReceive,
  onSend,
  openCounters,
  partitionOf,
  partitionSupervisor,
  partitions,
  processGroups,
  processInfo,
  putTerm,
  type RequestIds,
  readRow,
  receive,
  receiveAny,
  receiveFrom,
  receiveResponse,
  replyTo,
  type System,
  select,
  sendTo,
  setHeir,
  shutdownTask,
  start,
  startIn,
  startSystem,
  supervisor,
  suspendProcess,
  swapHandler,
  taskSupervisor,
  tryCall,
  updateCounter,
  whichHandlers,
  yieldTask,
} from '../../src/index.ts';

// biome-ignore lint/suspicious/noExplicitAny: the types are what is being violated.
type Wrong = any;
type Act = (context: Wrong) => unknown;

let system: System;
beforeAll(async () => {
  system = await startSystem({ logger: 'silent' });
});
afterAll(() => system.stop());

/** What `act` returns, or the text of what it throws. */
function outcomeOf(act: Act): Promise<Wrong> {
  return system.run(function* (context: Context<unknown>): Effects<unknown> {
    context.trapExit(true);
    try {
      const result = act(context) as Wrong;
      return typeof result?.next === 'function' ? yield* result as Effects<unknown> : result;
    } catch (error) {
      return String(error);
    }
  });
}

function* idle(): Effects<void> {
  yield* receive(() => false);
}

const started = function* (definition: Wrong): Effects<Wrong> {
  return ((yield* start(definition)) as Wrong).pid;
};

/** Each with the beginning of what it is told. */
const REFUSED: Readonly<Record<string, readonly (readonly [Act, string])[]>> = {
  'Go channels': [
    [(context) => goChannel(context, 1, { owmer: 1 } as Wrong), "RangeError: goChannel has no option 'owmer'"],
    [(context) => goChannel(context, 1, { owner: 7 } as Wrong), 'BadArgumentError: goChannel needs a pid'],
    [(context) => goChannel(context, 1, null as Wrong), 'BadArgumentError: goChannel needs an object of options'],
    [() => sendTo({ tag: 'goChannel', pid: 7 } as Wrong, 1), 'BadArgumentError: sendTo needs a Go channel'],
    [() => receiveFrom({ tag: 'goChannel' } as Wrong), 'BadArgumentError: receiveFrom needs a Go channel'],
    [() => select({}, { timeout: 10 } as Wrong), "RangeError: select has no option 'timeout'"],
    [() => select({ a: {} } as Wrong), 'BadArgumentError: select needs cases made by onReceive and onSend, or null'],
    [() => select({ a: undefined } as Wrong), 'BadArgumentError: select needs cases made by'],
    [(context) => select({ a: goChannel(context) } as Wrong), 'BadArgumentError: select needs cases made by'],
    [() => select({ a: { kind: 'send', channel: 7 } } as Wrong), 'BadArgumentError: select needs a Go channel'],
  ],
  tasks: [
    [(context) => asyncTask(context, () => 1, 'abc' as Wrong), 'BadArgumentError: asyncTask needs an array of arg'],
    [(context) => asyncTask(context, () => 1, [], { lable: 'x' } as Wrong), "RangeError: spawn has no option 'lable'"],
    [() => asyncNolink('x', () => 1, 'abc' as Wrong), 'BadArgumentError: a task needs an array of arguments'],
    [() => awaitTasks(undefined as Wrong), 'BadArgumentError: awaitTasks needs an array of tasks, got undefined'],
    [
      (context) => shutdownTask(asyncTask(context, idle), 'brutalkill' as Wrong),
      "BadArgumentError: shutdownTask needs a time, 'brutalKill' or 'infinity', got \"brutalkill\"",
    ],
    [() => asyncStream([1], () => 1, { maxConcurency: 2 } as Wrong), "RangeError: asyncStream has no option 'maxCon"],
    [() => asyncStream([1], () => 1, { waitingMax: '5' } as Wrong), 'BadArgumentError: asyncStream needs waitingMax'],
    [() => asyncStream([1], () => 1, { args: 'ab' } as Wrong), 'BadArgumentError: asyncStream needs an array'],
    [() => asyncStream([1], () => 1, null as Wrong), 'BadArgumentError: asyncStream needs an object of options'],
  ],
  groups: [
    [() => joinGroup('scope', undefined as Wrong), 'BadArgumentError: joinGroup needs a key of text'],
    [() => joinGroup('scope', { a: 1 } as Wrong), 'BadArgumentError: joinGroup needs a key of text'],
    [() => leaveGroup('scope', Symbol('x') as Wrong), 'BadArgumentError: leaveGroup needs a key of text'],
    [() => joinGroup(undefined as Wrong, 'x'), 'BadArgumentError: joinGroup needs a name, got undefined'],
    [() => monitorGroup('scope', null as Wrong), 'BadArgumentError: monitorGroup needs a key of text'],
    [() => processGroups('s', { threads: 'ab' } as Wrong), 'BadArgumentError: processGroups needs an array of thread'],
    [() => processGroups('s', { threads: [Number.NaN] }), 'BadArgumentError: processGroups needs an array of thread'],
    [() => processGroups('s', null as Wrong), 'BadArgumentError: processGroups needs an object of options'],
  ],
  partitions: [
    [() => partitions('p', 1e10), 'BadArgumentError: partitions needs a count of 1 or more, to 1000000'],
    [() => partitionOf('p' as Wrong, 'key'), 'BadArgumentError: partitionOf needs a set made by `partitions`'],
    [() => partitionOf({ tag: 'partitions', name: 'p', count: 0 }, 'key'), 'BadArgumentError: partitionOf needs a set'],
    [() => partitionSupervisor(7 as Wrong, {} as Wrong), 'BadArgumentError: partitionSupervisor needs a set made by'],
    [
      () => partitionSupervisor(partitions('p', 1), undefined as Wrong),
      'BadArgumentError: partitionSupervisor needs an object of options, got undefined',
    ],
    [
      () => partitionSupervisor(partitions('p', 1), { threads: 'ab' } as Wrong),
      'BadArgumentError: partitionSupervisor needs an array of thread numbers',
    ],
  ],
  'tables and counters': [
    [(context) => createTable(context, { acess: 'public' } as Wrong), "RangeError: createTable has no option 'acess'"],
    [(context) => createTable(context, null as Wrong), 'BadArgumentError: createTable needs an object of options'],
    [(context) => createTable(context, { heir: null } as Wrong), 'BadArgumentError: createTable: heir needs a pid'],
    [(context) => setHeir(context, createTable(context), undefined as Wrong), 'BadArgumentError: setHeir: heir needs'],
    [
      (context) => createCounters(context, 1, { own: false } as Wrong),
      "RangeError: createCounters has no option 'own'",
    ],
    [
      (context) => openCounters(context, { tag: 'counters', at: -5, size: 1e9, generation: 0 }),
      'BadArgumentError: openCounters needs the handle of counters',
    ],
    [(context) => openCounters(context, { tag: 'counters', at: 'x' } as Wrong), 'BadArgumentError: openCounters needs'],
  ],
  behaviours: [
    [() => genEvent(undefined as Wrong), 'BadArgumentError: genEvent needs an object of options, got undefined'],
    [() => genEvent({} as Wrong), 'BadArgumentError: genEvent needs handlers by name, got undefined'],
    [() => genEvent({ handlers: { a: null } } as Wrong), 'BadArgumentError: genEvent: a: init needs a function'],
    [
      () => genEvent({ handlers: { a: { init: () => 0, handleEvent: () => 0, terminat: () => 0 } } } as Wrong),
      "RangeError: genEvent: a has no option 'terminat'",
    ],
    [
      () => genStatem({ init: () => 0, handleEvent: () => 0, terminat: () => 0 } as Wrong),
      "RangeError: genStatem has no option 'terminat'",
    ],
    [() => genStatem({ init: () => 0, handleEvent: 7 } as Wrong), 'BadArgumentError: genStatem: handleEvent needs a'],
    [() => genStatem({ init: () => 0, states: { a: 7 } } as Wrong), 'BadArgumentError: genStatem: states.a needs a'],
    [() => addHandler('m', undefined as Wrong), 'BadArgumentError: addHandler needs an object of options'],
    [() => addSupHandler('m', { name: 'a', arg: 1 } as Wrong), "RangeError: addSupHandler has no option 'arg'"],
    [() => swapHandler('m', 'a', { name: 7 } as Wrong), 'BadArgumentError: swapHandler needs a name'],
    [() => addHandler('m', { name: 'a', args: 'ab' } as Wrong), 'BadArgumentError: addHandler needs an array of arg'],
  ],
  requests: [
    [(context) => replyTo(context, undefined as Wrong, 1), 'BadArgumentError: replyTo needs the `from` of a call'],
    [(context) => replyTo(context, context.self, 1), 'BadArgumentError: replyTo needs the `from` of a call'],
    [() => receiveResponse(undefined as Wrong), 'BadArgumentError: receiveResponse needs a call that was sent by'],
    [() => checkResponse('x', {} as Wrong), 'nothing'],
    [() => receiveAny(7 as Wrong as RequestIds<unknown, unknown>, 1), 'BadArgumentError: waitAny needs a collection'],
    [
      (context) => suspendProcess(context.spawn(idle), { async: true } as Wrong),
      "RangeError: suspendProcess has no option 'async'",
    ],
  ],
};

describe.each(Object.keys(REFUSED))('%s', (name) => {
  it('refuse what they do not take, by name, in the caller', async () => {
    for (const [act, text] of REFUSED[name]) {
      const outcome = (await outcomeOf(act)) ?? 'nothing';
      expect(String(outcome).slice(0, text.length)).toBe(text);
    }
  });
});

describe('a Go channel', () => {
  it('is left alone by a select that is refused: no monitor, no alias, no offer', async () => {
    const left = await outcomeOf(function* (context) {
      const channel = goChannel<unknown>(context, 1);
      const monitors: unknown[] = [];
      for (const cases of [{ a: onSend(channel, () => 1) }, { a: onReceive(channel), b: 7 }]) {
        yield* attempt(select(cases as Wrong, { timeoutMs: 10 }));
        monitors.push((yield* processInfo(context.self))?.monitors.length);
      }
      const { length, senders, receivers } = yield* goChannelInfo(channel);
      return [monitors, length, senders, receivers];
    });
    expect(left).toEqual([[0, 0], 0, 0, 0]);
  });
});

describe('a task', () => {
  it('TSK-2 a stream answers only the process that began it', async () => {
    const [told, value] = await outcomeOf(function* (context) {
      const stream = asyncStream([1, 2], (_context, item: number) => item * 2, { maxConcurrency: 1 });
      yield* stream.next();
      const thief = yield* asyncNolink(yield* started(taskSupervisor()), function* () {
        yield* stream.next();
      });
      const told = yield* yieldTask(thief, 1_000);
      yield* stream.next();
      context.send(context.self, 'over');
      return [told, stream.value];
    });
    const message = expect.stringMatching(/^asyncStream needs a stream that the calling process began, got </);
    expect(told).toMatchObject({ ok: false, error: { error: { name: 'BadArgumentError', message } } });
    expect(value).toMatchObject({ ok: true, value: 4 });
  });

  it('TSK-1 takes a bound of its mailbox, also in a stream', async () => {
    const maxMailbox = { length: 5, onOverflow: 'drop' } as const;
    const values = await outcomeOf(function* (context) {
      const one = yield* awaitTask(asyncTask(context, () => 1, [], { maxMailbox }));
      const stream = asyncStream([2], (_context, item: number) => item, { maxMailbox });
      yield* stream.next();
      return [one, stream.value];
    });
    expect(values).toMatchObject([1, { ok: true, value: 2 }]);
  });
});

describe('PG-1 a group', () => {
  it('cannot be changed through the list of its members', async () => {
    const members = await outcomeOf(function* (context) {
      yield* started(processGroups('frozen'));
      yield* joinGroup('frozen', 'a');
      for (const group of ['a', 'nobody']) {
        expect(() => (membersOf(context, 'frozen', group) as Wrong).push(7)).toThrow(TypeError);
      }
      yield* joinGroup('frozen', 'a');
      return [membersOf(context, 'frozen', 'a').length, membersOf(context, 'frozen', 'nobody').length];
    });
    expect(members).toEqual([2, 0]);
  });
});

describe('ETS-1 a counter in a table', () => {
  it.each([[Number.NaN], [Number.POSITIVE_INFINITY], ['1'], [2 ** 53]])('is not spoilt by adding %s', async (by) => {
    const [told, value] = await outcomeOf(function* (context) {
      const table = createTable(context);
      insertRow(context, table, 'n', 5);
      let told = 'nothing';
      try {
        updateCounter(context, table, 'n', by as number);
      } catch (error) {
        told = (error as Error).message;
      }
      yield* processInfo(context.self);
      return [told, readRow(context, table, 'n')];
    });
    expect(told).toMatch(/^updateCounter needs a (number to add|sum below 2\^53), got /);
    expect(value).toBe(5);
  });
});

describe('ST-1 a state machine', () => {
  it.each([[{ do: 'rpely' }], [7], ['postpone']])('that asks for the action %j ends, and says so', async (action) => {
    const outcome = await outcomeOf(function* () {
      const handleEvent = () => keepStateAndData([action] as Wrong);
      const machine = genStatem({ init: () => startIn('a', 0), handleEvent });
      return yield* tryCall(yield* started(machine), 'x', 1_000);
    });
    const text = expect.stringMatching(/ is no action$/);
    expect(outcome).toEqual({ ok: false, error: { tag: 'badAction', text } });
  });
});

describe('EV-1 an event manager', () => {
  const handlers: Wrong = {
    sound: { init: () => 0, handleEvent: (_event: unknown, state: number) => state + 1 },
    late: { init: async () => 0, handleEvent: () => 0 },
    turnsLate: { init: () => 0, handleEvent: async () => 0 },
    neverRun: { init: () => 0, *handleEvent() {} },
    answersCode: { init: () => 0, handleEvent: () => 0, handleCall: () => ({ reply: () => 1, state: 0 }) },
    answersNothing: { init: () => 0, handleEvent: () => 0, handleCall: () => undefined },
    leavesCode: { init: () => 0, handleEvent: () => 0, terminate: () => () => 1 },
  };

  it('removes a handler that is async or a generator: its promise is no state', async () => {
    const [late, before, after] = await outcomeOf(function* (context) {
      const manager = yield* started(genEvent({ handlers }));
      const late = yield* addHandler(manager, { name: 'late' });
      for (const name of ['sound', 'turnsLate', 'neverRun']) yield* addHandler(manager, { name });
      const before = yield* whichHandlers(manager);
      notify(context, manager, 'event');
      return [late, before, yield* whichHandlers(manager)];
    });
    expect(late).toMatchObject({ ok: false, error: { error: { name: 'BadArgumentError' } } });
    expect([before, after]).toEqual([['neverRun', 'turnsLate', 'sound'], ['sound']]);
  });

  it('outlives a handler whose answer is no term or no answer', async () => {
    const outcomes = await outcomeOf(function* () {
      const manager = yield* started(genEvent({ handlers }));
      for (const name of ['sound', 'answersCode', 'answersNothing', 'leavesCode']) yield* addHandler(manager, { name });
      return [
        yield* callHandler(manager, 'answersCode', 1),
        yield* callHandler(manager, 'answersNothing', 1),
        yield* deleteHandler(manager, 'leavesCode'),
        yield* whichHandlers(manager),
      ];
    });
    expect(outcomes).toMatchObject([
      { ok: false, error: { error: { name: 'NotATermError' } } },
      { ok: false, error: { error: { message: expect.stringContaining('{ reply, state } as its result') } } },
      { ok: false, error: { error: { name: 'NotATermError' } } },
      ['sound'],
    ]);
  });
});

/** Runs effects that are expected to throw. */
function* attempt(effects: Effects<unknown>): Effects<void> {
  try {
    yield* effects;
  } catch {
    // What it says is asked elsewhere.
  }
}

const JUNK: readonly unknown[] = [
  null,
  undefined,
  7,
  'x',
  {},
  { tag: 'EXIT' },
  { tag: 'EXIT', from: null, reason: 'x' },
  { tag: 'DOWN' },
  { tag: 'DOWN', ref: null, object: null },
  { tag: 'timeout' },
  { tag: '$reply' },
  { tag: '$goWithdraw' },
  { tag: '$cast', message: { tag: 'retry' } },
  { tag: '$cast', message: { tag: 'nonsense' } },
  { tag: '$cast', message: null },
];
const TEMPLATE = { id: 'a', start: { body: idle } };
const SHARED: readonly (readonly [string, (context: Wrong) => Effects<Wrong>])[] = [
  ['SUP-1 a supervisor', () => started(supervisor({ children: [] }))],
  ['SUP-13 a simple supervisor', () => started(supervisor({ strategy: 'simpleOneForOne', children: [TEMPLATE] }))],
  ['DYN-1 a dynamic supervisor', () => started(dynamicSupervisor())],
  [
    'EV-1 an event manager',
    () => started(genEvent({ handlers: { a: { init: () => 0, handleEvent: (_event: unknown, state) => state } } })),
  ],
];

describe.each(SHARED)('%s', (_name, begin) => {
  it('outlives whatever is sent or cast to it', async () => {
    const isAlive = await outcomeOf(function* (context) {
      const pid = yield* begin(context);
      for (const junk of JUNK) context.send(pid, junk);
      return yield* isProcessAlive(pid);
    });
    expect(isAlive).toBe(true);
  });
});

it('a Go channel outlives whatever is sent to the pid in its handle', async () => {
  const got = await outcomeOf(function* (context) {
    const channel = goChannel<number>(context, 1);
    for (const junk of JUNK.slice(0, 12)) context.send(channel.pid, junk);
    yield* sendTo(channel, 5);
    return yield* receiveFrom(channel);
  });
  expect(got).toEqual({ ok: true, value: 5 });
});

it.each([[{ timeout: 5 }], [7], [{}]])('GS-9 what a server is to do next is no %j, and it says so', async (next) => {
  const outcome = await outcomeOf(function* () {
    const server = genServer({
      init: () => ok(0),
      handleCall: (_request: Wrong, _from, state: number) => noReply(state, next as Wrong),
      handleContinue: (_continuation, state) => noReply(state),
    });
    return yield* tryCall(yield* started(server), 'x', 1_000);
  });
  const text = expect.stringMatching(/ as what to do next, not \{ timeoutMs \} or \{ continue \}$/);
  expect(outcome).toEqual({ ok: false, error: { tag: 'badReturnValue', callback: 'handleCall', text } });
});

it.each([[{}], [undefined], [Symbol('x')]])('PT-1 %s is no key of a persistent term', async (key) => {
  expect(await outcomeOf(() => putTerm(key as Wrong, 1))).toMatch(/^BadArgumentError: putTerm needs a key of text/);
});

it('GS-6 a server that answers what is no call ends, and its caller hears it', async () => {
  const outcome = await outcomeOf(function* () {
    const server = genServer({
      init: () => ok(0),
      handleCall: (_request: Wrong, from, _state: number, context) => {
        replyTo(context, (from as Wrong).alias, 1);
        return undefined as Wrong;
      },
    });
    return yield* tryCall(yield* started(server), 'x', 1_000);
  });
  expect(outcome).toMatchObject({ ok: false, error: { error: { name: 'BadArgumentError' } } });
});
