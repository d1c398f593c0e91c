// What the types of child specs allow: the arguments of a child are those of its body. The compiler is the judge
// (`npm run check`): an unused @ts-expect-error is an error.
import { describe, expectTypeOf, it } from 'vitest';
import {
  type ChildSpec,
  dynamicSupervisor,
  genServer,
  noReply,
  ok,
  type SupervisorDefinition,
  type SupervisorPid,
  startChild,
  supervisor,
} from '../../src/behaviours/index.ts';
import { type Context, type Effects, receive } from '../../src/process/index.ts';
import type { Mfa } from '../../src/term/index.ts';

const counter = genServer({
  init: (_context, first: number, _name: string) => ok(first),
  handleInfo: (_message: 'tick', state) => noReply(state),
});
const plain = genServer({ init: () => ok(0) });
const MFA: Mfa = { module: import.meta.url, export: 'counter' };

function* body(_context: Context<unknown>, _first: number): Effects<void> {
  yield* receive();
}

const listed: ChildSpec[] = [{ id: 'a', start: { body: counter, args: [1, 'a'] } }];

const right = supervisor({
  strategy: 'oneForAll',
  children: [
    { id: 'a', start: { body: counter, args: [1, 'a'], name: 'a' }, restart: 'transient' },
    { id: 'b', start: { body: plain } },
    { id: 'c', start: { body: MFA, args: ['anything', 7] }, type: 'supervisor' },
    { id: 'd', start: { body, args: [1] } },
    { id: 'e', start: { body: dynamicSupervisor(), args: [{ childrenMax: 5 }] } },
    ...listed,
  ],
});
expectTypeOf(right).toEqualTypeOf<SupervisorDefinition>();
supervisor({ children: [] });
supervisor({ strategy: 'simpleOneForOne', children: [{ id: 'template', start: { body: counter, args: [1] } }] });
supervisor({ children: listed });
expectTypeOf(
  supervisor((_context, count: number) => ({ children: [{ id: 'a', start: { body: counter, args: [count, 'a'] } }] })),
).toEqualTypeOf<SupervisorDefinition<[count: number]>>();

supervisor({
  children: [
    { id: 'b', start: { body: plain } },
    // @ts-expect-error the first argument is a number
    { id: 'a', start: { body: counter, args: ['1', 'a'] } },
  ],
});
supervisor({
  // @ts-expect-error the body takes one argument
  children: [{ id: 'd', start: { body, args: [1, 2] } }],
});
// @ts-expect-error the second argument is a text
supervisor((_context) => ({
  children: [{ id: 'a', start: { body: counter, args: [1, 2] } }],
}));
supervisor({
  // @ts-expect-error there is no such option
  children: [{ id: 'a', start: { body: plain }, restarts: 'temporary' }],
});

/** Never run: only compiled. */
function* types(pool: SupervisorPid): Effects<void> {
  yield* startChild(pool, { start: { body: counter, args: [1, 'a'] } });
  yield* startChild(pool, { start: { body: MFA, args: ['anything'] } });
  yield* startChild(pool, listed[0]);
  // @ts-expect-error the first argument is a number
  yield* startChild(pool, { start: { body: counter, args: ['1', 'a'] } });
  // @ts-expect-error the body takes one argument
  yield* startChild(pool, { start: { body, args: [1, 2] } });
}

describe('types of child specs', () => {
  it('compile', () => {
    expectTypeOf(types).toBeFunction();
  });
});
