// Question: what do behaviours cost on one thread: calls, casts, calls behind a long mailbox, restarts?

import {
  type Context,
  call,
  cast,
  type Effects,
  isDown,
  type Pid,
  receive,
  type ServerPid,
  startLink,
  supervisor,
  whichChildren,
} from '../../src/index.ts';
import type { BenchCase } from '../harness.ts';
import { type BenchCall, PING, server } from './bodies.ts';
import { inSystem, repeat } from './support.ts';

type Server = ServerPid<BenchCall, 'ping'>;

function* startServer(): Effects<Server> {
  const started = yield* startLink(server, []);
  if (!started.ok) throw new Error('the server did not start');
  return started.pid as Server;
}

function* calls(context: Context<unknown>): Effects<number> {
  void context;
  const pid = yield* startServer();
  return yield* repeat(1_000, function* () {
    for (let index = 0; index < 1_000; index++) yield* call(pid, PING);
  });
}

const genServerCall: BenchCase = {
  name: 'gen-server-call',
  question: 'calls of a gen-server, one at a time',
  unit: 'calls/s',
  peer: 'gen-server-call',
  run: () => inSystem(calls),
};

const genServerCast: BenchCase = {
  name: 'gen-server-cast',
  question: 'casts to a gen-server, with a call after every thousand',
  unit: 'msgs/s',
  peer: 'gen-server-cast',
  run: () =>
    inSystem(function* (context) {
      const pid = yield* startServer();
      return yield* repeat(1_000, function* () {
        for (let index = 0; index < 1_000; index++) cast(context, pid, 'ping');
        yield* call(pid, PING);
      });
    }),
};

/** A call by hand with a fresh ref, as the Erlang case does it, behind so many unread messages. */
function* refCalls(context: Context<unknown>, unread: number): Effects<number> {
  for (let index = 0; index < unread; index++) context.send(context.self, 'junk');
  const echo = context.spawn({
    init: () => null,
    handle: (state: null, message: { from: Pid<unknown>; ref: unknown }, inner: Context<never>) => {
      inner.send(message.from, { ref: message.ref });
      return state;
    },
  });
  return yield* repeat(1_000, function* () {
    for (let index = 0; index < 1_000; index++) {
      const ref = context.makeRef();
      context.send(echo, { from: context.self, ref });
      yield* receive((message) => (message as { ref?: unknown }).ref === ref, { ref });
    }
  });
}

const refCall = (name: string, unread: number): BenchCase => ({
  name,
  question: `calls by a fresh ref behind ${unread} unread messages`,
  unit: 'calls/s',
  peer: name,
  run: () => inSystem((context) => refCalls(context, unread)),
});

const CHILDREN = 100;
const BURSTS_MS = 500;

/** Kills all children, and waits until every one has a successor. */
function* restartAll(context: Context<unknown>, pid: Parameters<typeof whichChildren>[0]): Effects<void> {
  for (const child of yield* whichChildren(pid)) {
    const victim = child.pid as Pid<never>;
    const ref = context.monitor(victim);
    context.exit(victim, 'kill');
    yield* receive((message) => isDown(message, ref), { ref });
  }
  // A supervisor answers once it has dealt with all the exits before the question.
  yield* whichChildren(pid);
}

const restarts: BenchCase = {
  name: 'supervisor-restart-sustained',
  question: 'children killed and started again, all within one period',
  unit: 'restarts/s',
  peer: 'supervisor-restart-sustained',
  run: () =>
    inSystem(function* (context) {
      const children = Array.from({ length: CHILDREN }, (_, index) => ({
        id: `child ${index}`,
        start: { body: { handle: (state: unknown) => state }, args: [0] },
      }));
      const tree = supervisor({ intensity: 10_000_000, periodMs: 3_600_000, children });
      const started = yield* startLink(tree, []);
      if (!started.ok) throw new Error('the supervisor did not start');
      return yield* repeat(CHILDREN, () => restartAll(context, started.pid));
    }),
};

/** Kills all children of supervisors that have just started, one burst each; starting and stopping them is not counted. */
function* bursts(context: Context<unknown>): Effects<number> {
  const children = Array.from({ length: CHILDREN }, (_, index) => ({
    id: `child ${index}`,
    start: { body: { handle: (state: unknown) => state }, args: [0] },
  }));
  let spentMs = 0;
  let restarted = 0;
  while (spentMs < BURSTS_MS) {
    const started = yield* startLink(supervisor({ intensity: 10_000_000, periodMs: 3_600_000, children }), []);
    if (!started.ok) throw new Error('the supervisor did not start');
    const victims = yield* whichChildren(started.pid);
    const startMs = performance.now();
    for (const { pid } of victims) context.exit(pid as Pid<never>, 'kill');
    yield* whichChildren(started.pid);
    spentMs += performance.now() - startMs;
    restarted += CHILDREN;
    context.unlink(started.pid);
    const ref = context.monitor(started.pid);
    context.exit(started.pid, 'shutdown');
    yield* receive((message) => isDown(message, ref), { ref });
  }
  return (restarted * 1_000) / spentMs;
}

const burst: BenchCase = {
  name: 'supervisor-restart-burst',
  question: 'a hundred children of a new supervisor killed at once, and all started again',
  unit: 'restarts/s',
  peer: 'supervisor-restart-burst',
  run: () => inSystem(bursts),
};

export const serverCases: readonly BenchCase[] = [
  genServerCall,
  genServerCast,
  refCall('call-ref', 0),
  refCall('call-ref-behind-10k', 10_000),
  restarts,
  burst,
];
