// A counter that crashes on bad input, and a supervisor that starts it again: the caller sees the crash, the next one a
// fresh counter.
// prints: counted to 2
// prints: the counter crashed: RangeError: not a number: NaN
// prints: after the restart: 5
import { call, genServer, type Request, reply, startLink, startSystem, supervisor, tryCall } from '../src/index.ts';

type CounterCall = Request<{ readonly tag: 'add'; readonly by: number }, number>;

const counter = genServer<number, [number], CounterCall>({
  label: 'counter',
  init: (_context, start) => ({ tag: 'ok', state: start, next: null }),
  handleCall({ by }, _from, count) {
    if (Number.isNaN(by)) throw new RangeError(`not a number: ${by}`);
    return reply(count + by, count + by);
  },
});

const tree = supervisor({
  strategy: 'oneForOne',
  children: [{ id: 'counter', start: { body: counter, args: [0], name: 'counter' } }],
});

// The crash is reported to the log as well; this program prints what its caller sees.
await using system = await startSystem({ logger: 'silent' });
await system.perform(() => startLink(tree));

await system.run(function* () {
  yield* call('counter', { tag: 'add', by: 1 });
  console.log('counted to', yield* call('counter', { tag: 'add', by: 1 }));

  const outcome = yield* tryCall('counter', { tag: 'add', by: Number.NaN });
  if (outcome.ok) throw new Error('the counter should have crashed');
  const { error } = outcome.error as { error: { name: string; message: string } };
  console.log(`the counter crashed: ${error.name}: ${error.message}`);

  let again = yield* tryCall('counter', { tag: 'add', by: 5 });
  // The caller may be quicker than the supervisor.
  while (!again.ok) again = yield* tryCall('counter', { tag: 'add', by: 5 });
  console.log('after the restart:', again.value);
});
