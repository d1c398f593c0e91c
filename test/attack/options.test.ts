// Options that are misspelt or of the wrong kind: an option that is not known would be ignored, and what the user asked
// for would silently not happen. Registries of the user's own that answer what no registry answers: refused by name, in
// the caller, and nothing waits for ever (REG-2, SUP-10, SYS-1).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Context,
  call,
  countMessages,
  dynamicSupervisor,
  type Effects,
  genServer,
  noReply,
  ok,
  partitionSupervisor,
  partitions,
  processGroups,
  processInfo,
  receive,
  replaceState,
  reply,
  type System,
  sendVia,
  sleep,
  start,
  startChild,
  startLink,
  startSystem,
  supervisor,
  traceEvents,
  via,
  whereisVia,
} from '../../src/index.ts';
import { simulate } from '../../src/testing.ts';

// biome-ignore lint/suspicious/noExplicitAny: the types are what is being violated.
type Wrong = any;

const echo = genServer({
  init: (_context, first: unknown = 0) => ok(first),
  handleCall: (_request: Wrong, _from, state) => reply(state, state),
  handleInfo: (_message: Wrong, state) => noReply(state),
});

let system: System;
beforeAll(async () => {
  system = await startSystem({ logger: 'silent' });
});
afterAll(() => system.stop());

/** The text of what `act` throws, or its value. */
function outcomeOf(act: (context: Context<unknown>) => unknown): Promise<unknown> {
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

describe('an option that does not exist', () => {
  const cases: readonly (readonly [string, (context: Wrong) => unknown, string])[] = [
    ['spawn', (context) => context.spawn(() => {}, [], { lable: 'x' }), "RangeError: spawn has no option 'lable'"],
    ['startLink', () => startLink(echo, [], { timeout: 5 } as Wrong), "RangeError: startLink has no option 'timeout'"],
    [
      'receive, which would wait for ever',
      () => receive(null, { timeoutMs: 5 } as Wrong),
      "RangeError: receive has no option 'timeoutMs'",
    ],
    [
      'processInfo',
      (context) => processInfo(context.self, { mesages: true } as Wrong),
      'RangeError: processInfo has no',
    ],
    [
      'monitor',
      (context) => context.monitor(context.self, { aliass: 'x' }),
      "RangeError: monitor has no option 'aliass'",
    ],
    [
      'demonitor',
      (context) => context.demonitor(context.makeRef(), { flsh: true }),
      "RangeError: demonitor has no option 'flsh'",
    ],
    ['start', () => start(echo, [], { nmae: 'x' } as Wrong), "RangeError: start has no option 'nmae'"],
    [
      'partitionSupervisor',
      () => partitionSupervisor(partitions('p', 1), { start: { body: echo }, thread: [1] } as Wrong),
      "RangeError: partitionSupervisor has no option 'thread'",
    ],
    [
      'processGroups',
      () => processGroups('scope', { thread: [0] } as Wrong),
      'RangeError: processGroups has no option',
    ],
  ];

  it.each(cases)('is refused by %s, with those there are', async (_name, act, text) => {
    expect(await outcomeOf(act)).toMatch(new RegExp(`^${text}.*; there are: `));
  });

  const child = { id: 'a', start: { body: echo } };
  const bad: readonly (readonly [string, Wrong, string])[] = [
    ['flags', supervisor({ strategie: 'oneForAll', children: [] } as Wrong), 'strategie'],
    ['a child spec', supervisor({ children: [{ ...child, restarts: 'temporary' }] } as Wrong), 'restarts'],
    ['the start of a child', supervisor({ children: [{ id: 'a', start: { body: echo, arg: [] } }] } as Wrong), 'arg'],
    ['a dynamic supervisor', dynamicSupervisor({ maxChildren: 5 } as Wrong), 'maxChildren'],
    ['children of a dynamic supervisor', dynamicSupervisor({ children: [] } as Wrong), 'children'],
  ];

  it.each(bad)('SUP-10 in %s fails the start of the supervisor', async (_name, definition, option) => {
    const value = expect.stringMatching(new RegExp(`^${option}; there are: `));
    expect(await outcomeOf(() => start(definition))).toMatchObject({
      ok: false,
      error: { error: { tag: 'unknownOption', value } },
    });
  });

  it('SUP-10 of a child that is added is refused, and the supervisor lives', async () => {
    const outcomes = await outcomeOf(function* () {
      const { pid } = (yield* start(supervisor({ children: [] }))) as Wrong;
      return [yield* startChild(pid, { ...child, shutDown: 1 } as Wrong), yield* startChild(pid, child)];
    });
    expect(outcomes).toMatchObject([
      { ok: false, error: { tag: 'badChildSpec', error: { tag: 'unknownOption' } } },
      { ok: true },
    ]);
  });
});

describe('an argument of the wrong kind', () => {
  it.each([['abc'], [{}], [null], [7]])('GS-1 %j as the arguments of a start is refused by name', async (args) => {
    expect(await outcomeOf(() => startLink(echo, args as Wrong))).toMatch(
      /^BadArgumentError: startLink needs an array of arguments/,
    );
  });

  it.each([[7], [{}], [['x']]])('REG-1 %j as a name is refused in the caller', async (name) => {
    expect(await outcomeOf(() => startLink(echo, [], { name } as Wrong))).toMatch(
      /^BadArgumentError: startLink needs a name/,
    );
  });

  it('SUP-10 a spec that is a promise or a generator is told apart from one without children', async () => {
    const given = [async () => ({ children: [] }), function* () {}];
    const errors = [];
    for (const spec of given) errors.push(await outcomeOf(() => start(supervisor(spec as Wrong))));
    const error = (value: unknown) => ({ error: { tag: 'badSupervisorFlags', error: { tag: 'badFlags', value } } });
    expect(errors).toMatchObject([error('a promise'), error(expect.stringMatching(/^a generator that was called/))]);
  });

  it.each([[async () => false], [function* () {}]])(
    'RCV-1 %s matches nothing and everything, and is refused',
    async (match) => {
      expect(await outcomeOf(() => receive(match as Wrong, { afterMs: 0 }))).toMatch(
        /^BadArgumentError: receive needs a plain function that matches, got /,
      );
    },
  );

  it.each([[undefined], ['no'], [1]])('EXI-5 trapExit(%j) is refused', async (on) => {
    const trap = (context: Wrong) => context.trapExit(on);
    expect(await outcomeOf(trap)).toMatch(/^BadArgumentError: trapExit needs true or false, got /);
  });

  it('PRC-1 a handler whose init is async is refused: its promise is no state', async () => {
    const body = { init: async () => 0, handle: (state: unknown) => state };
    expect(await outcomeOf((context) => context.spawn(body as Wrong))).toMatch(
      /^BadArgumentError: spawn needs a plain or a generator function as `init`, got /,
    );
  });

  it('SYS-1 a switch is on or off, nothing else', async () => {
    for (const act of [countMessages, traceEvents]) {
      expect(await outcomeOf(() => act(system.self, undefined as Wrong))).toMatch(
        /needs true or false, got undefined$/,
      );
    }
  });

  it('SYS-1 a state that is no term leaves no monitor behind', async () => {
    const left = await outcomeOf(function* (context) {
      const { pid } = (yield* start(echo)) as Wrong;
      const thrown = yield* refused(pid);
      return [thrown, (yield* processInfo(context.self))?.monitors.length];
    });
    expect(left).toEqual(['NotATermError', 0]);

    function* refused(pid: Wrong): Effects<string> {
      try {
        yield* replaceState(pid, () => 1);
        return 'nothing';
      } catch (error) {
        return (error as Error).name;
      }
    }
  });
});

describe('REG-2 a registry of the user’s own', () => {
  const registry = (answer: (from: Wrong) => unknown) =>
    genServer({ init: () => ok(0), handleCall: (_request: Wrong, from, state) => reply(answer(from) as never, state) });
  const through = (answer: (from: Wrong) => unknown, act: (name: Wrong) => Effects<unknown>) =>
    outcomeOf(function* () {
      const { pid } = (yield* start(registry(answer))) as Wrong;
      return yield* act(via(pid, 'key'));
    });

  it.each([[null], [undefined], [7], [[{ pid: 'x' }]], [[null]]])(
    'that finds %j is named as the culprit',
    async (it) => {
      const text =
        /^BadArgumentError: a via name needs a registry that answers `lookup` with an array of \{ pid \}, got /;
      for (const act of [whereisVia, (name: Wrong) => call(name, 'x'), (name: Wrong) => sendVia(name, 'x')]) {
        expect(await through(() => it, act)).toMatch(text);
      }
    },
  );

  it.each([[undefined], [false], [{ ok: false }], [{ ok: false, error: { pid: 7 } }]])(
    'that registers with %j fails the start by name',
    async (answer) => {
      const started = await through(
        () => answer,
        (name) => start(echo, [], { name }),
      );
      const message = expect.stringContaining('a registry that answers `register` with { ok: true } or');
      expect(started).toMatchObject({ ok: false, error: { error: { name: 'BadArgumentError', message } } });
    },
  );

  it('that never forgets the dead is not asked for ever', () => {
    const { value } = simulate({ seed: 1 }, function* (context) {
      const dead = context.spawn(() => {});
      yield* sleep(1);
      const answer = { ok: false, error: { tag: 'alreadyRegistered', pid: dead } };
      const { pid } = (yield* start(registry(() => answer))) as Wrong;
      return [yield* start(echo, [], { name: via(pid, 'key') }), dead];
    });
    const [outcome, dead] = value as Wrong;
    expect(outcome).toEqual({ ok: false, error: { tag: 'alreadyStarted', pid: dead } });
  });

  it('what is no via name is refused by name', async () => {
    expect(await outcomeOf(() => whereisVia(undefined as Wrong))).toMatch(/whereisVia needs a via name, got undefined/);
    expect(await outcomeOf(() => sendVia('x' as Wrong, 1))).toMatch(/whereisVia needs a via name, got "x"/);
  });
});
