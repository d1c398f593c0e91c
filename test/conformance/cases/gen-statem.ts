// ST-1 to ST-6: state machines. Each case tells the machine what to do and compares what it says it saw, in order.
import { callStatem, cast, type StartResult, startLink, stopServer, tryCall } from '../../../src/behaviours/index.ts';
import type { Effects } from '../../../src/process/index.ts';
import type { Pid } from '../../../src/term/index.ts';
import { type Cast, MACHINE, type machine, type Order } from '../../actors/statem.ts';
import type { Case, CaseContext } from '../case.ts';
import { CheckError, equal } from '../check.ts';

type MachinePid = typeof machine extends { handle(state: never, message: infer P, context: never): unknown }
  ? Pid<P>
  : never;

/** Starts the machine and takes what it says of entering its first state. */
function* begin(t: CaseContext, enterOrder: Order = {}): Effects<MachinePid> {
  const result: StartResult = yield* startLink(MACHINE, [t.context.self, false, enterOrder], t.options());
  if (!result.ok) throw new CheckError('the machine has not started');
  t.kept(result.pid);
  equal(yield* t.next('the first enter call'), 'a: enter from a', 'the first enter call');
  return result.pid as MachinePid;
}

/** Sends casts in one go and takes as many lines as are expected. */
function* plays(t: CaseContext, pid: MachinePid, casts: readonly Cast[], expected: readonly string[]): Effects<void> {
  for (const each of casts) cast(t.context, pid, each as never);
  const seen: unknown[] = [];
  for (const line of expected) seen.push(yield* t.next(`'${line}' after ${JSON.stringify(seen)}`));
  equal(seen, expected, 'what it saw');
}

export const genStatemCases: readonly Case[] = [
  {
    title: 'ST-1 only another state retries, enters and cancels the state timeout; the same one does none of it',
    *run(t) {
      const pid = yield* begin(t);
      const casts: Cast[] = [
        { name: 'wait', order: { timeouts: [['state', 100]] } },
        { name: 'p', when: 'b' },
        { name: 'same', order: { to: 'a' } },
      ];
      yield* plays(t, pid, casts, ['a: wait', 'a: p postponed', 'a: same', 'a: stateTimeout']);
      const more: Cast[] = [
        { name: 'wait', order: { timeouts: [['state', 100], ['n', 150]] } }, // biome-ignore format: one line
        { name: 'other', order: { to: 'b' } },
      ];
      // The timeout of the state would come before the other one.
      yield* plays(t, pid, more, ['a: wait', 'a: other', 'b: enter from a', 'b: p', 'b: timeout n']);
    },
  },
  {
    title: 'ST-2 what is postponed comes again after a state change, oldest first, before newer events',
    edges: [22],
    *run(t) {
      const pid = yield* begin(t);
      const casts: Cast[] = [
        { name: 'one', when: 'b' },
        { name: 'two', when: 'b' },
        { name: 'three', when: 'c' },
        { name: 'go', order: { to: 'b' } },
        { name: 'new' },
        { name: 'on', order: { to: 'c' } },
      ];
      yield* plays(t, pid, casts, [
        'a: one postponed',
        'a: two postponed',
        'a: three postponed',
        'a: go',
        'b: enter from a',
        'b: one',
        'b: two',
        'b: three postponed',
        'b: new',
        'b: on',
        'c: enter from b',
        'c: three',
      ]);
    },
  },
  {
    title: 'ST-3 inserted events come first, in their order, before postponed ones',
    *run(t) {
      const pid = yield* begin(t);
      const casts: Cast[] = [
        { name: 'late', when: 'b' },
        { name: 'go', order: { to: 'b', inserts: ['x', 'y'] } },
        { name: 'new' },
      ];
      const expected = [
        'a: late postponed',
        'a: go',
        'b: enter from a',
        'b: internal x',
        'b: internal y',
        'b: late',
        'b: new',
      ];
      yield* plays(t, pid, casts, expected);
      const more: Cast[] = [
        { name: 'p', when: 'c' },
        { name: 'jump', order: { inserts: ['to c', 'y'] } },
      ];
      const then = ['b: p postponed', 'b: jump', 'b: internal to c', 'c: enter from b', 'c: p', 'c: internal y'];
      yield* plays(t, pid, more, then);
    },
  },
  {
    title: 'ST-4 repeating a state enters it again; nothing else of a state change happens',
    *run(t) {
      const pid = yield* begin(t);
      const casts: Cast[] = [
        { name: 'p', when: 'b' },
        { name: 'again', order: { repeats: true, timeouts: [['state', 100]] } },
        { name: 'once more', order: { repeats: true } },
      ];
      const expected = [
        'a: p postponed',
        'a: again',
        'a: enter from a',
        'a: once more',
        'a: enter from a',
        'a: stateTimeout',
      ];
      yield* plays(t, pid, casts, expected);
    },
  },
  {
    title: 'ST-4 an enter call that postpones or inserts crashes the machine',
    *run(t) {
      t.context.trapExit(true);
      for (const order of [{ postpones: true }, { inserts: ['x'] }]) {
        const { pid, ref } = t.spawnMonitor(MACHINE, [t.context.self, false, order]);
        equal(yield* t.next('the enter call'), 'a: enter from a', 'the enter call');
        equal(((yield* t.down(ref)) as { tag?: unknown }).tag, 'badEnterResult', `the end of ${pid}`);
        equal(yield* t.next('its terminate'), 'a: terminate [object Object]', 'its terminate');
      }
    },
  },
  {
    title: 'ST-5 an event timeout is lost to any event, a named one to none, and setting one again restarts it',
    *run(t) {
      const pid = yield* begin(t);
      const set: Cast = { name: 'set', order: { timeouts: [['event', 100], ['n', 150]] } }; // biome-ignore format: one line
      yield* plays(t, pid, [set, { name: 'any' }], ['a: set', 'a: any', 'a: timeout n']);
      yield* plays(t, pid, [{ name: 'set', order: { timeouts: [['event', 1]] } }], ['a: set', 'a: eventTimeout']);
      const cancel: Cast = { name: 'cancel', order: { to: 'b', timeouts: [['n', Number.POSITIVE_INFINITY]] } };
      const keep: Cast = { name: 'keep', order: { timeouts: [['n', 100], ['m', 100]] } }; // biome-ignore format: one line
      yield* plays(t, pid, [keep, cancel], ['a: keep', 'a: cancel', 'b: enter from a', 'b: timeout m']);
      yield* t.silence('the cancelled one');
    },
  },
  {
    title:
      'ST-5 timeouts of zero come behind inserted events and before what is outside, an event timeout only when nothing is',
    edges: [22],
    *run(t) {
      const pid = yield* begin(t);
      const zero: Cast = { name: 'zero', order: { inserts: ['x'], timeouts: [['event', 0], ['n', 0], ['state', 0]] } }; // biome-ignore format: one line
      const expected = ['a: zero', 'a: internal x', 'a: timeout n', 'a: stateTimeout', 'a: outside'];
      yield* plays(t, pid, [zero, { name: 'outside' }], expected);
      const alone: Cast = { name: 'alone', order: { timeouts: [['event', 0]] } };
      yield* plays(t, pid, [alone, { name: 'outside' }], ['a: alone', 'a: eventTimeout', 'a: outside']);
    },
  },
  {
    title: 'ST-6 calls are answered at once, later, or by the stop of the machine',
    *run(t) {
      const pid = yield* begin(t);
      const done = yield* callStatem(pid as never, { tag: 'do', order: { to: 'b' } } as never);
      equal(done, 'done in a', 'the answer');
      equal(yield* t.next('call'), 'a: call do', 'the call');
      equal(yield* t.next('enter'), 'b: enter from a', 'the state change');
      const stopped = yield* tryCall(pid as never, { tag: 'do', order: { stops: 'normal' } } as never);
      equal(stopped, { ok: true, value: 'done in b' }, 'the answer of a stop');
      equal(yield* t.next('call'), 'b: call do', 'the call');
      equal(yield* t.next('terminate'), 'b: terminate normal', 'its terminate');
    },
  },
  {
    title: 'GS-13 stopServer ends a state machine in order as well',
    *run(t) {
      t.context.trapExit(true);
      const pid = yield* begin(t);
      yield* stopServer(pid as never, 'shutdown');
      equal(yield* t.next('terminate'), 'a: terminate shutdown', 'its terminate');
    },
  },
];
