// The linearizability checker against histories that are known to be sound and unsound, against a naive search, and as
// what finds a stale read in the simulator.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Context, type Effects, receive } from '../../src/process/index.ts';
import type { Pid } from '../../src/term/index.ts';
import {
  checkLinearizable,
  findFailure,
  NotLinearizableError,
  type Operation,
  OperationLog,
  type SequentialModel,
  simulate,
} from '../../src/testing.ts';

type Input = 'read' | number;

const register: SequentialModel<number, Input, number> = {
  initial: 0,
  apply: (state, input) => (input === 'read' ? [state, state] : [input, input]),
};

const operation = (
  client: string,
  input: Input,
  output: number,
  calledAt: number,
  returnedAt: number,
): Operation<Input, number> => ({ client, input, output, calledAt, returnedAt });
const NEVER = Number.POSITIVE_INFINITY;

describe('checkLinearizable', () => {
  it('accepts what overlaps in either order, and gives the order', () => {
    const write = operation('a', 1, 1, 1, 10);
    const early = operation('b', 'read', 0, 2, 3);
    const late = operation('b', 'read', 1, 4, 5);
    const verdict = checkLinearizable([write, early, late], register);
    expect(verdict.outcome).toBe('linearizable');
    expect(verdict.order).toEqual([early, write, late]);
  });

  it('takes Maps, Sets, NaN and bigints for what they are, without being told how', () => {
    const table: SequentialModel<ReadonlyMap<string, unknown>, readonly [string, unknown], unknown> = {
      initial: new Map(),
      apply: (state, [key, value]) => {
        const next = new Map(state).set(key, value);
        return [next, new Set(next.values())];
      },
    };
    const set = (client: string, value: unknown, values: readonly unknown[], at: number) => ({
      ...{ client, input: ['k', value] as const, output: new Set(values) as unknown },
      ...{ calledAt: at, returnedAt: at + 1 },
    });
    expect(checkLinearizable([set('a', Number.NaN, [Number.NaN], 1), set('b', 1n, [1n], 3)], table).outcome).toBe(
      'linearizable',
    );
    expect(checkLinearizable([set('a', null, [Number.NaN], 1)], table).outcome).toBe('not linearizable');
  });

  it('refuses a read that goes back behind another read', () => {
    const history = [operation('a', 1, 1, 1, 10), operation('b', 'read', 1, 2, 3), operation('c', 'read', 0, 4, 5)];
    const verdict = checkLinearizable(history, register);
    expect(verdict.outcome).toBe('not linearizable');
    expect(verdict.stuck).toContain(history[2]);
    expect(verdict.describe()).toMatch(/not linearizable[\s\S]*none of these can come next[\s\S]*c called read at 4/);
  });

  it('keeps the order of operations that do not overlap', () => {
    expect(checkLinearizable([operation('a', 1, 1, 1, 2), operation('b', 'read', 0, 3, 4)], register).outcome).toBe(
      'not linearizable',
    );
    expect(checkLinearizable([operation('a', 1, 1, 1, 3), operation('b', 'read', 0, 3, 4)], register).outcome).toBe(
      'linearizable',
    );
  });

  it('lets what never returned have happened or not, but not before it was called', () => {
    const open = operation('a', 1, 0, 3, NEVER);
    const read = (output: number, at: number) => operation('b', 'read', output, at, at + 1);
    expect(checkLinearizable([open, read(1, 5)], register).outcome).toBe('linearizable');
    expect(checkLinearizable([open, read(0, 5)], register).outcome).toBe('linearizable');
    expect(checkLinearizable([open, read(1, 1)], register).outcome).toBe('not linearizable');
    expect(checkLinearizable([open, read(1, 5), read(0, 7)], register).outcome).toBe('not linearizable');
  });

  it('says when the bound is too small', () => {
    const many = Array.from({ length: 12 }, (_, n) => operation(`c${n}`, n, n, 1, 100));
    const verdict = checkLinearizable([...many, operation('r', 'read', -1, 101, 102)], register, 1_000);
    expect(verdict.outcome).toBe('unknown');
    expect(verdict.describe()).toContain('too large to judge');
  });

  it('agrees with trying every order', () => {
    const operations = fc.array(
      fc.record({
        client: fc.constant('x'),
        input: fc.oneof(fc.constant<Input>('read'), fc.integer({ min: 1, max: 2 })),
        output: fc.integer({ min: 0, max: 2 }),
        calledAt: fc.integer({ min: 0, max: 6 }),
        length: fc.oneof(fc.integer({ min: 0, max: 6 }), fc.constant(NEVER)),
      }),
      { maxLength: 5 },
    );
    let refused = 0;
    fc.assert(
      fc.property(operations, (drawn) => {
        const history = drawn.map(({ length, ...rest }) => ({ ...rest, returnedAt: rest.calledAt + length }));
        const { outcome } = checkLinearizable(history, register);
        if (outcome !== 'linearizable') refused++;
        return outcome === (isExplained(history, 0) ? 'linearizable' : 'not linearizable');
      }),
      { seed: 5, numRuns: 3_000 },
    );
    expect(refused).toBeGreaterThan(300);
  });
});

/** The definition itself: some operation that no other one returned before comes next. */
function isExplained(left: readonly Operation<Input, number>[], state: number): boolean {
  if (left.every(({ returnedAt }) => returnedAt === NEVER)) return true;
  return left.some((each) => {
    const rest = left.filter((other) => other !== each);
    if (rest.some((other) => other.returnedAt < each.calledAt)) return false;
    const [next, output] = register.apply(state, each.input);
    return (each.returnedAt === NEVER || output === each.output) && isExplained(rest, next);
  });
}

type Message = { readonly from: Pid<unknown>; readonly input: Input };

/** A register process; a replica of it that hears of writes later. */
const master = {
  label: 'master',
  handle(state: { value: number; replica: Pid<unknown> | null }, { from, input }: Message, context: Context<never>) {
    const value = input === 'read' ? state.value : input;
    if (input !== 'read' && state.replica !== null) context.send(state.replica, { from: null, input });
    context.send(from, { answer: value });
    return { ...state, value };
  },
};

const replica = {
  label: 'replica',
  handle(value: number, { from, input }: { from: Pid<unknown> | null; input: Input }, context: Context<never>) {
    if (input !== 'read') return input;
    if (from !== null) context.send(from, { answer: value });
    return value;
  },
};

function* ask(context: Context<unknown>, server: Pid<unknown>, input: Input): Effects<number> {
  context.send(server, { from: context.self, input });
  return (yield* receive<{ answer: number }>((message) => 'answer' in (message as object))).answer;
}

/** A writer at the master; a reader that asks the master or its replica. */
const clients = (readsReplica: boolean) =>
  function* (context: Context<unknown>) {
    const log = new OperationLog<Input, number>();
    const copy = context.spawn(replica, [0]) as Pid<unknown>;
    const main = context.spawn(master, [{ value: 0, replica: copy }]) as Pid<unknown>;
    const client = (name: string, server: Pid<unknown>, inputs: readonly Input[]) =>
      context.spawnMonitor(function* (own: Context<unknown>) {
        for (const input of inputs) yield* log.call(name, input, ask(own, server, input));
      });
    client('writer', main, [1, 2]);
    client('near', main, ['read', 'read']);
    client('far', readsReplica ? copy : main, ['read', 'read']);
    for (let count = 0; count < 3; count++) yield* receive((message) => (message as { tag?: string }).tag === 'DOWN');
    log.check(register);
    return log.history.length;
  };

describe('an operation log', () => {
  it('of one register is linearizable under every schedule', () => {
    expect(findFailure({ schedules: 300 }, clients(false))).toBeNull();
    expect(simulate({}, clients(false)).value).toBe(6);
  });

  it('of a replica that is read is not, and the simulator finds it', () => {
    const found = findFailure({ schedules: 3_000 }, clients(true));
    const failure = found?.result.failure;
    expect(failure?.tag === 'exit' && failure.error).toBeInstanceOf(NotLinearizableError);
    expect(found?.result.words.length).toBeLessThanOrEqual(3);
    expect(found?.result.describe()).toContain('none of these can come next');
  });
});
