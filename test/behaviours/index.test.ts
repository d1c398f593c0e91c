// The example at the head of src/behaviours/index.ts, as it stands there.
import { expect, it } from 'vitest';
import {
  call,
  cast,
  genServer,
  noReply,
  ok,
  type Request,
  reply,
  startLink,
  supervisor,
} from '../../src/behaviours/index.ts';
import { play } from '../support/virtual-engine.ts';

type CounterCall = Request<{ tag: 'get' }, number> | Request<{ tag: 'add'; by: number }, number>;

const counter = genServer({
  init: (_context, first: number) => ok(first),
  handleCall(request: CounterCall, _from, count: number) {
    const next = request.tag === 'add' ? count + request.by : count;
    return reply(next, next);
  },
  handleCast: (_message: { tag: 'reset' }, _count: number) => noReply(0),
});

const tree = supervisor({
  strategy: 'oneForOne',
  children: [{ id: 'counter', start: { body: counter, args: [1], name: 'counter' } }],
});

it('the example of index.ts runs', () => {
  play(function* (context) {
    const started = yield* startLink(counter, [40]);
    if (!started.ok) return context.exit(started.error);
    expect(yield* call(started.pid, { tag: 'add', by: 2 })).toBe(42);
    cast(context, started.pid, { tag: 'reset' });
    expect(yield* call(started.pid, { tag: 'get' })).toBe(0);
    yield* startLink(tree);
    expect(yield* call('counter', { tag: 'get' })).toBe(1);
  });
});
