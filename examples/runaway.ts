// An actor that spins for ever costs its thread its life; its neighbours on other threads notice nothing, and its
// supervisor starts it again on a fresh thread.
// prints: the neighbour still answers
// prints: the runaway is back
import { call, genServer, ok, type Request, reply, startLink, startSystem, supervisor, tryCall } from '../src/index.ts';

type Calls = Request<{ readonly tag: 'hello' }, string>;

/** Named by this module's URL and its export: the only way for code to cross threads. */
export const worker = genServer<null, [], Calls, { readonly tag: 'spin' }>({
  label: 'worker',
  init: () => ok(null),
  handleCall: () => reply('hello', null),
  handleCast() {
    for (;;);
  },
});

const body = { module: import.meta.url, export: 'worker' };
const tree = supervisor({
  strategy: 'oneForOne',
  children: [
    { id: 'runaway', start: { body, name: 'runaway', placement: { thread: 1 } } },
    { id: 'neighbour', start: { body, name: 'neighbour', placement: { thread: 2 } } },
  ],
});

async function main(): Promise<void> {
  await using system = await startSystem({ threads: 2, watchdogMs: 300, logger: 'silent' });
  await system.perform(() => startLink(tree));
  await system.run(function* (context) {
    context.send('runaway', { tag: '$cast', message: { tag: 'spin' } });
    if ((yield* call('neighbour', { tag: 'hello' })) === 'hello') console.log('the neighbour still answers');
    let answer = yield* tryCall('runaway', { tag: 'hello' });
    while (!answer.ok) answer = yield* tryCall('runaway', { tag: 'hello' });
    console.log('the runaway is back');
  });
}

// Data threads load this module as well, for the worker only.
if (process.argv[1] === new URL(import.meta.url).pathname && (await import('node:worker_threads')).isMainThread)
  await main();
