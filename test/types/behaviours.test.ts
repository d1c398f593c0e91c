// What the types of behaviours allow: replies are typed by the request, and what is outside a protocol does not compile.
// The compiler is the judge (`npm run check`): an unused @ts-expect-error is an error.
import { describe, expectTypeOf, it } from 'vitest';
import {
  type CallOutcome,
  call,
  cast,
  genServer,
  noReply,
  ok,
  type Request,
  reply,
  type ServerPid,
  type SupervisorPid,
  startChild,
  startLink,
  tryCall,
} from '../../src/behaviours/index.ts';
import type { Context, Effects } from '../../src/process/index.ts';
import type { Pid } from '../../src/term/index.ts';

type CounterCall = Request<{ tag: 'get' }, number> | Request<{ tag: 'name' }, string>;
type CounterCast = { tag: 'add'; by: number };

const counter = genServer({
  init: (_context, first: number) => ok(first),
  handleCall(request: CounterCall, _from, state) {
    expectTypeOf(state).toEqualTypeOf<number>();
    return request.tag === 'get' ? reply(state, state) : reply('counter', state);
  },
  handleCast: (message: CounterCast, state) => noReply(state + message.by),
  handleInfo: (_message: 'tick', state) => noReply(state),
});

/** Never run: only compiled. */
function* types(context: Context, pid: ServerPid<CounterCall, CounterCast, 'tick'>, any: Pid<never>): Effects<void> {
  const started = yield* startLink(counter, [1]);
  if (started.ok) expectTypeOf(started.pid).toEqualTypeOf<ServerPid<CounterCall, CounterCast, 'tick'>>();

  const words = context.self as never as ServerPid<Request<'count', number> | Request<'name', string>>;
  expectTypeOf(yield* call(words, 'count')).toEqualTypeOf<number>();
  expectTypeOf(yield* call(words, 'name')).toEqualTypeOf<string>();
  // @ts-expect-error no such request
  yield* call(words, 'nothing');

  expectTypeOf(yield* call(pid, { tag: 'get' })).toEqualTypeOf<number>();
  expectTypeOf(yield* call(pid, { tag: 'name' })).toEqualTypeOf<string>();
  expectTypeOf(yield* tryCall(pid, { tag: 'get' })).toEqualTypeOf<CallOutcome<number>>();
  expectTypeOf(yield* call('by name', { tag: 'whatever' })).toEqualTypeOf<unknown>();
  cast(context, pid, { tag: 'add', by: 1 });
  context.send(pid, 'tick');
  const narrower: ServerPid<Request<{ tag: 'get' }, number>> = pid;
  expectTypeOf(yield* call(narrower, { tag: 'get' })).toEqualTypeOf<number>();

  // @ts-expect-error no such call
  yield* call(pid, { tag: 'set' });
  // @ts-expect-error a cast is no call
  yield* call(pid, { tag: 'add', by: 1 });
  // @ts-expect-error not a number
  cast(context, pid, { tag: 'add', by: '1' });
  // @ts-expect-error a call is no cast
  cast(context, pid, { tag: 'get' });
  // @ts-expect-error not one of its messages
  context.send(pid, 'tock');
  // @ts-expect-error a pid of unknown protocol answers nothing
  yield* call(any, { tag: 'get' });
  // @ts-expect-error the narrower view does not know this call
  yield* call(narrower, { tag: 'name' });
  // @ts-expect-error init takes a number
  yield* startLink(counter, ['1']);
  // @ts-expect-error a counter is no supervisor
  yield* startChild(pid, { start: { body: counter } });
  expectTypeOf(pid).not.toExtend<SupervisorPid>();
}

genServer({
  init: () => ok(0),
  // @ts-expect-error the reply must be a number
  handleCall: (_request: Request<'get', number>, _from, state: number) => reply('text', state),
});

genServer({
  init: () => ok(0),
  // @ts-expect-error the next state must be a number
  handleCast: (_message: 'x', _state: number) => noReply('text'),
});

describe('types', () => {
  it('compile', () => {
    expectTypeOf(types).toBeFunction();
  });
});
