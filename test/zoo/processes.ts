// Properties of single processes: nothing of a tree is left (R12), what was sent does not change (R14), a full mailbox
// (R16), the same run again (R17), a call always ends (R21), a name has one owner (R11).
import fc from 'fast-check';
import { tryCall } from '../../src/behaviours/index.ts';
import {
  type Context,
  type Effects,
  isDown,
  isExit,
  type MaxMailbox,
  receive,
  register,
  sleep,
  TIMEOUT,
} from '../../src/process/index.ts';
import { hasTag, type Pid } from '../../src/term/index.ts';
import type { Property } from '../properties/check.ts';
import { worker } from '../properties/kernel/calls.ts';

/** Longer than a slow machine may be late. */
const REST_MS = 100;
const isNever = (message: unknown): boolean => message === 'never';

/** A process with so many children, and these with theirs. */
interface Family {
  readonly children: readonly Family[];
}

function* parent(context: Context<unknown>, { children }: Family): Effects<void> {
  for (const child of children) context.spawnLink(parent, [child]);
  yield* receive(isNever);
}

const familyOf = (generations: number): fc.Arbitrary<Family> =>
  fc.record({
    children: fc.array(generations === 0 ? fc.constant({ children: [] }) : familyOf(generations - 1), { maxLength: 3 }),
  });

/** R12: who is linked to the dead, however far, is dead too. */
export const families: Property<Family> = {
  programs: familyOf(2),
  options: { failOnLeaks: true },
  body: (tree) =>
    function* root(context) {
      context.trapExit(true);
      const top = context.spawnLink(parent, [tree]);
      yield* sleep(REST_MS);
      context.exit(top, 'kill');
      yield* receive(isExit);
      yield* sleep(REST_MS);
    },
};

interface Box {
  items: number[];
}

/** R14: what arrives is what was sent, whatever the sender does with its own afterwards. */
export const values: Property<readonly number[]> = {
  programs: fc.array(fc.nat(9), { minLength: 1, maxLength: 4 }),
  body: (items) =>
    function* root(context) {
      const reader = function* reader(own: Context<unknown>, to: Pid<unknown>): Effects<void> {
        const box = yield* receive<Box>();
        yield* sleep(REST_MS);
        own.send(to, box.items.join());
      };
      const pid = context.spawn(reader, [context.self]) as Pid<unknown>;
      const box: Box = { items: [...items] };
      context.send(pid, box);
      try {
        box.items.push(-1);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
      const read = yield* receive();
      if (read !== items.join()) throw new Error(`R14 ${items} was read as ${read}`);
    },
};

interface Flood {
  readonly sent: number;
  readonly bound: MaxMailbox;
}

/** R16: a mailbox holds no more than its bound, and the rule that was chosen is the one applied. */
export const floods: Property<Flood> = {
  programs: fc.record({
    sent: fc.nat(8),
    bound: fc.record({
      length: fc.integer({ min: 1, max: 5 }),
      onOverflow: fc.constantFrom('exit' as const, 'drop' as const),
    }),
  }),
  body: ({ sent, bound }) =>
    function* root(context) {
      const reader = function* reader(own: Context<unknown>, to: Pid<unknown>): Effects<void> {
        yield* receive(isNever, { afterMs: 2 * REST_MS });
        const read: unknown[] = [];
        for (let next = yield* receive(null, { afterMs: 0 }); next !== TIMEOUT; ) {
          read.push(next);
          next = yield* receive(null, { afterMs: 0 });
        }
        own.send(to, { read: read.join() });
      };
      const { pid, ref } = context.spawnMonitor(reader, [context.self], { maxMailbox: bound });
      for (let n = 0; n < sent; n++) context.send(pid as Pid<unknown>, n);
      const { reason } = yield* receive<{ reason: unknown }>((message) => isDown(message, ref));
      const isTooMuch = sent > bound.length && bound.onOverflow === 'exit';
      if (hasTag(reason, 'mailboxOverflow') !== isTooMuch) throw new Error(`R16 ended ${JSON.stringify(reason)}`);
      if (isTooMuch) return;
      const { read } = yield* receive<{ read: string }>();
      const expected = Array.from({ length: Math.min(sent, bound.length) }, (_, n) => n).join();
      if (read !== expected) throw new Error(`R16 a mailbox for ${bound.length} held ${read}, not ${expected}`);
    },
};

/** R17: the same tape is the same run. */
export const sleepers: Property<readonly number[]> = {
  programs: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
  options: { checkRepeatable: true },
  body: (times) =>
    function* root(context) {
      const sleeper = function* sleeper(_own: Context<unknown>, ms: number): Effects<void> {
        yield* sleep(ms);
      };
      const refs = times.map((ms) => context.spawnMonitor(sleeper, [ms]).ref);
      for (const ref of refs) yield* receive((message) => isDown(message, ref));
    },
};

/** R21: a call without a limit of time ends, with an answer or with the news of a death. */
export const patientCalls: Property<readonly number[]> = {
  programs: fc.array(fc.integer({ min: -1, max: 3 }), { maxLength: 6 }),
  body: (times) =>
    function* root(context) {
      for (const [n, takesMs] of times.entries()) {
        const pid = context.spawn(worker, []) as Pid<never>;
        const outcome = yield* tryCall(pid, { n, takesMs } as never, Number.POSITIVE_INFINITY);
        if (outcome.ok !== takesMs >= 0) throw new Error(`R21 ${n} ended ${JSON.stringify(outcome)}`);
        context.exit(pid, 'kill');
      }
    },
};

/** R11: of those who want a name at the same time one gets it. */
export const claims: Property<number> = {
  programs: fc.integer({ min: 1, max: 4 }),
  body: (count) =>
    function* root(context) {
      const claimer = function* claimer(own: Context<unknown>, to: Pid<unknown>): Effects<void> {
        const { ok } = yield* register('the name');
        own.send(to, { ok, by: own.self });
        yield* receive(isNever);
      };
      for (let n = 0; n < count; n++) context.spawn(claimer, [context.self]);
      const owners: unknown[] = [];
      for (let n = 0; n < count; n++) {
        const { ok, by } = yield* receive<{ ok: boolean; by: Pid<unknown> }>();
        if (ok) owners.push(by);
      }
      if (owners.length !== 1 || context.whereis('the name') !== owners[0]) {
        throw new Error(`R11 ${owners.length} of ${count} own the name`);
      }
    },
};
