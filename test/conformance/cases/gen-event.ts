// EV-1: many handlers in one process.
import {
  addHandler,
  addSupHandler,
  callHandler,
  deleteHandler,
  type EventManagerPid,
  notify,
  startLink,
  stopServer,
  swapHandler,
  syncNotify,
  whichHandlers,
} from '../../../src/behaviours/index.ts';
import type { Context, Effects } from '../../../src/process/index.ts';
import type { Mfa, Pid } from '../../../src/term/index.ts';
import { MANAGER } from '../../actors/events.ts';
import type { Case, CaseContext } from '../case.ts';
import { CheckError, equal } from '../check.ts';

const actor = (name: string): Mfa => ({ module: import.meta.url, export: name });

/** Adds a handler that is to go with it, says how that went, and tells what it hears. */
export function* adder(
  context: Context<unknown>,
  test: Pid<unknown>,
  manager: EventManagerPid,
  id: string,
): Effects<void> {
  const added = yield* addSupHandler(manager, { name: 'teller', id, args: [test, id] });
  context.send(test, added);
  const heard = (yield { op: 'receive', match: null, afterMs: Number.POSITIVE_INFINITY, ref: null }) as {
    tag: string;
    id: string;
  };
  context.send(test, [heard.tag, heard.id]);
}

function* begin(t: CaseContext, ...ids: readonly string[]): Effects<EventManagerPid> {
  const started = yield* startLink(MANAGER, [], t.options());
  if (!started.ok) throw new CheckError('the manager has not started');
  t.kept(started.pid);
  const manager = started.pid as unknown as EventManagerPid;
  for (const id of ids) {
    equal(yield* addHandler(manager, { name: 'teller', id, args: [t.context.self, id] }), { ok: true }, `adding ${id}`);
  }
  return manager;
}

function* says(t: CaseContext, ...lines: readonly unknown[]): Effects<void> {
  for (const line of lines) equal(yield* t.next(`'${line}'`), line, 'what a handler says');
}

export const genEventCases: readonly Case[] = [
  {
    title: 'EV-1 every handler sees every event, the newest first; a synchronous one waits for all of them',
    *run(t) {
      const manager = yield* begin(t, 'old', 'new');
      equal(yield* whichHandlers(manager), ['new', 'old'], 'the handlers');
      notify(t.context, manager, 'one');
      equal(yield* syncNotify(manager, 'two'), true, 'the answer');
      yield* says(t, 'new: one', 'old: one', 'new: two', 'old: two');
      equal(yield* callHandler(manager, 'old', 'seen?'), { ok: true, value: ['seen?', 2] }, 'a call of one handler');
    },
  },
  {
    title: 'EV-1 a handler that throws is removed, ends with its error, and the others go on',
    *run(t) {
      const manager = yield* begin(t, 'a', 'b', 'c');
      yield* syncNotify(manager, 'crash b');
      yield* says(t, 'c: crash b', 'b: crash b', 'b ends: error', 'a: crash b');
      yield* syncNotify(manager, 'remove a');
      yield* says(t, 'c: remove a', 'a: remove a', 'a ends: remove');
      equal(yield* whichHandlers(manager), ['c'], 'who is left');
      equal(
        yield* callHandler(manager, 'b', 'there?'),
        { ok: false, error: 'badHandler' },
        'a call of one that is gone',
      );
    },
  },
  {
    title: 'EV-1 handlers are deleted and swapped with what their terminate returns; bad names and ids are told',
    *run(t) {
      const { self } = t.context;
      const manager = yield* begin(t, 'a');
      yield* syncNotify(manager, 'one');
      yield* says(t, 'a: one');
      equal(yield* swapHandler(manager, 'a', { name: 'teller', id: 'b', args: [self, 'b'] }), { ok: true }, 'the swap');
      yield* says(t, 'a ends: swap', 'b takes over 1');
      equal(yield* deleteHandler(manager, 'b'), { ok: true, value: 0 }, 'the deletion');
      yield* says(t, 'b ends: delete');
      equal(yield* addHandler(manager, { name: 'nobody' }), { ok: false, error: 'badHandler' }, 'an unknown name');
      equal(yield* deleteHandler(manager, 'b'), { ok: false, error: 'badHandler' }, 'an unknown id');
      equal(yield* addHandler(manager, { name: 'teller', args: [self, 'x'] }), { ok: true }, 'an id by its name');
      equal(
        yield* addHandler(manager, { name: 'teller', args: [self, 'y'] }),
        { ok: false, error: 'taken' },
        'a taken id',
      );
      const broken = yield* addHandler(manager, { name: 'teller', id: 'z', args: [self, 'broken'] });
      equal((broken as { error: { tag: string } }).error.tag, 'error', 'an init that throws');
    },
  },
  {
    title: 'EV-1 a handler ends itself, or has another take its place, from an event and from a call',
    *run(t) {
      const manager = yield* begin(t, 'a', 'b');
      yield* syncNotify(manager, 'swap a');
      // The newest first; who takes a place has it from the next event on.
      yield* says(t, 'b: swap a', 'a: swap a', 'a ends: swap', 'heir takes over 0');
      equal(yield* whichHandlers(manager), ['heir', 'b'], 'after the swap');
      equal(yield* callHandler(manager, 'b', 'remove'), { ok: true, value: ['remove', 1] }, 'the last answer');
      yield* says(t, 'b ends: remove');
      equal(yield* callHandler(manager, 'heir', 'swap for c'), { ok: true, value: ['swap for c', 0] }, 'an answer');
      yield* says(t, 'heir ends: swap', 'c takes over 0');
      equal(
        yield* callHandler(manager, 'c', 'swap for broken'),
        { ok: true, value: ['swap for broken', 0] },
        'the same',
      );
      yield* says(t, 'c ends: swap', 'broken takes over 0');
      equal(yield* whichHandlers(manager), [], 'nothing takes the place of one when it does not start');
    },
  },
  {
    title: 'EV-1 who adds a supervised handler hears of its end, and takes it along with its own',
    *run(t) {
      const manager = yield* begin(t);
      t.spawn(actor('adder'), [t.context.self, manager, 'a']);
      yield* says(t, { ok: true });
      notify(t.context, manager, 'crash a');
      const heard: unknown[] = [];
      for (let n = 0; n < 3; n++) heard.push(yield* t.next('news of the end'));
      // Between the manager and the adder there is no order.
      equal(heard.filter((each) => typeof each === 'string'), ['a: crash a', 'a ends: error'], 'the handler'); // biome-ignore format: one line
      equal(heard.filter(Array.isArray), [['handlerExit', 'a']], 'what the adder heard');
      const second = t.spawn(actor('adder'), [t.context.self, manager, 'b']);
      yield* says(t, { ok: true });
      t.context.exit(second, 'kill');
      yield* says(t, 'b ends: stop');
      equal(yield* whichHandlers(manager), [], 'who is left');
    },
  },
  {
    title: 'EV-1 who adds a supervised handler hears that it is deleted or swapped, also when nothing takes its place',
    *run(t) {
      const { self } = t.context;
      const manager = yield* begin(t);
      // The adder returns when it has heard, and what it has added, or what took its place, goes with it.
      const swapFor = (id: string, name: string) =>
        swapHandler(manager, id, { name: 'teller', id: `not ${id}`, args: [self, name] });
      const ends = [
        { id: 'a', end: () => deleteHandler(manager, 'a'), told: ['a ends: delete'] },
        { id: 'b', end: () => swapFor('b', 'c'), told: ['b ends: swap', 'c takes over 0', 'c ends: stop'] },
        { id: 'd', end: () => swapFor('d', 'broken'), told: ['d ends: swap', 'broken takes over 0'] },
      ];
      for (const { id, end, told } of ends) {
        t.spawn(actor('adder'), [self, manager, id]);
        yield* says(t, { ok: true });
        yield* end();
        const heard: unknown[] = [];
        for (let n = 0; n <= told.length; n++) heard.push(yield* t.next('news of the end'));
        equal(heard.filter((each) => typeof each === 'string'), told, 'the handlers'); // biome-ignore format: one line
        equal(heard.filter(Array.isArray), [['handlerExit', id]], 'what the adder heard');
      }
    },
  },
  {
    title: 'EV-1 a manager that stops ends its handlers, the newest first',
    *run(t) {
      t.context.trapExit(true);
      const manager = yield* begin(t, 'a', 'b');
      yield* stopServer(manager, 'shutdown');
      yield* says(t, 'b ends: stop', 'a ends: stop');
    },
  },
  {
    title: 'EV-1 who adds a supervised handler hears that its manager stops',
    *run(t) {
      t.context.trapExit(true);
      const manager = yield* begin(t);
      t.spawn(actor('adder'), [t.context.self, manager, 'a']);
      yield* says(t, { ok: true });
      yield* stopServer(manager);
      const heard: unknown[] = [];
      // The test hears of the manager's end too.
      for (let n = 0; n < 3; n++) heard.push(yield* t.next('news of the end'));
      equal(heard.filter((each) => typeof each === 'string'), ['a ends: stop'], 'the handler'); // biome-ignore format: one line
      equal(heard.filter(Array.isArray), [['handlerExit', 'a']], 'what the adder heard');
    },
  },
];
