// A program that prints how many schedules a second the simulator tries; speed.test.ts runs it. It is one of its own
// because a test runner rewrites the sources it loads, and slows them down. Time is that of its thread. Strict: every
// message is checked and frozen.
import {
  type ChildSpec,
  call,
  genServer,
  ok,
  type Request,
  reply,
  startLink,
  stopServer,
  supervisor,
} from '../../src/behaviours/index.ts';
import { type Context, receive } from '../../src/process/index.ts';
import { findFailure } from '../../src/testing.ts';

type Add = Request<{ readonly by: number }, number>;

const counter = genServer({
  label: 'counter',
  init: (_context, first: number) => ok(first),
  handleCall: ({ by }: Add, _from, count: number) => reply(count + by, count + by),
});

const tree = supervisor({
  children: ['a', 'b', 'c'].map((name): ChildSpec => ({ id: name, start: { body: counter, args: [0], name } })),
});

function* client(context: Context<unknown>, rounds: number) {
  for (let round = 0; round < rounds; round++) yield* call(['a', 'b', 'c'][round % 3], { by: 1 });
  if (context.parent !== null) context.send(context.parent as never, 'done' as never);
}

/** A supervisor, three servers and four clients: about 500 decisions. */
function* system(context: Context<unknown>) {
  const started = yield* startLink(tree, []);
  if (!started.ok) throw new Error('the tree does not start');
  for (let count = 0; count < 4; count++) context.spawnLink(client, [18]);
  for (let count = 0; count < 4; count++) yield* receive((message) => message === 'done');
  yield* stopServer(started.pid);
}

const ENOUGH = 2_000;
const ROUNDS_MAX = 12;
const SCHEDULES = 500;

let best = 0;
let steps = 0;
// The best round counts: the others tell how busy the machine is.
for (let round = 0; round < ROUNDS_MAX && best < ENOUGH * 1.1; round++) {
  steps = 0;
  const before = process.threadCpuUsage();
  const onRun = (run: { steps: number }) => (steps += run.steps);
  const found = findFailure({ schedules: SCHEDULES, seed: 1 + round * SCHEDULES, onRun, strict: true }, system);
  if (found !== null) throw new Error(found.result.describe());
  const { user, system: kernel } = process.threadCpuUsage(before);
  best = Math.max(best, (SCHEDULES * 1e6) / (user + kernel));
}
console.log(JSON.stringify({ schedules: Math.round(best), decisions: Math.round(steps / SCHEDULES) }));
