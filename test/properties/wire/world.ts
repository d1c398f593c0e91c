// A whole broker behind simulated sockets: clients that come to bad ends beside clients that must not notice (B4, B6, B12,
// B13, B14, B20), under any schedule, with bytes cut anywhere.
import fc from 'fast-check';
import { type SupervisorPid, startLink } from '../../../src/behaviours/index.ts';
import { brokerTree, type StorePlan } from '../../../src/broker/index.ts';
import { type Context, type Effects, isDown, receive, sleep } from '../../../src/process/index.ts';
import { formatChild, listenerChild } from '../../../src/protocols/amqp091/index.ts';
import { type AnyPid, formatReason, type Pid, type Ref } from '../../../src/term/index.ts';
import { loadModules, type SimOptions, simulate } from '../../../src/testing.ts';
import { connectionsIn, treeOf } from '../../support/broker-processes.ts';
import type { LooseHandler } from '../broker/world.ts';
import type { Property } from '../check.ts';
import { begin, type Chaos, type ChaosScript, chaosScripts, end, HEARTBEAT_S, inherit } from './chaos.ts';
import { type QuietOp, quietly, quietOps } from './quiet.ts';
import { type Opening, WireClient } from './wire-client.ts';

export const AMQP = 5672;
const SMALL: Opening = { frameMax: 4_096 };
/** Longer than a slow machine may be late. */
const REST_MS = 200;

export interface WireProgram {
  readonly chaos: readonly ChaosScript[];
  readonly quiet: readonly (readonly QuietOp[])[];
}

const programs: fc.Arbitrary<WireProgram> = fc.record({
  chaos: fc.array(chaosScripts, { maxLength: 3 }),
  quiet: fc.array(quietOps, { minLength: 1, maxLength: 2 }),
});

/** Mistakes for the bodies of the broker. */
export interface WirePlant {
  readonly queue?: (handler: LooseHandler) => LooseHandler;
  readonly channel?: (handler: LooseHandler) => LooseHandler;
  readonly connection?: (handler: LooseHandler) => LooseHandler;
}

const url = (file: string): string => new URL(file, import.meta.url).href;
const QUEUE_SERVER = url('../../../src/broker/queue-server/queue-server.ts');
const CHANNEL = url('../../../src/protocols/amqp091/channel.ts');
const CONNECTION = url('../../../src/protocols/amqp091/connection.ts');
const OTHERS = [
  '../../../src/broker/metadata/thread-replica.ts',
  '../../../src/broker/store/log-agent.ts',
  '../../../src/broker/stream-server/stream-server.ts',
  '../../../src/protocols/amqp091/listener.ts',
  '../../../src/protocols/amqp091/tree.ts',
];
const modules = await loadModules(QUEUE_SERVER, CHANNEL, CONNECTION, ...OTHERS.map(url));

function modulesWith({ queue, channel, connection }: WirePlant): typeof modules {
  const changed = new Map(modules);
  const change = (module: string, name: string, by: WirePlant['queue']) => {
    if (by !== undefined) changed.set(module, { [name]: by(modules.get(module)?.[name] as LooseHandler) });
  };
  change(QUEUE_SERVER, 'queueServer', queue);
  change(CHANNEL, 'channel', channel);
  change(CONNECTION, 'connection', connection);
  return changed;
}

/** `segmentBytes`: the longest piece that arrives at once; 0 cuts nothing. */
export function wireProperty(threads: 0 | 2, segmentBytes: number, plant: WirePlant = {}): Property<WireProgram> {
  const options = wireOptions(threads, segmentBytes, plant);
  return { programs, options, body: (program) => (context) => run(context, program, threads, options) };
}

/** Options of a simulation with a broker behind sockets. */
export function wireOptions(threads: 0 | 2, segmentBytes: number, plant: WirePlant = {}): SimOptions {
  return { threads, net: { segmentBytes, latencyMs: 2 }, modules: modulesWith(plant), stepsMax: 200_000 };
}

function* run(context: Context<unknown>, program: WireProgram, threads: 0 | 2, options: SimOptions): Effects<void> {
  const undisturbed = program.quiet.map((ops, place) => expected(ops, place, threads, options));
  const tree = yield* startBroker(context, threads);
  const started = [];
  for (const [place, script] of program.chaos.entries()) started.push(yield* startChaos(context, tree, script, place));
  const quiet = program.quiet.map((ops, place) => start(context, (own) => quietly(own, AMQP, `q${place}`, ops, SMALL)));
  for (const { pid } of started) context.send(pid, 'go');
  for (const [place, { ref, result }] of quiet.entries()) {
    yield* ended(ref);
    same(result() ?? [], undisturbed[place]);
  }
  const chaos: Chaos[] = [];
  for (const { ref, result } of started) {
    yield* ended(ref);
    chaos.push(result() as Chaos);
  }
  yield* sleep(REST_MS);
  const heir = yield* WireClient.open(context, AMQP);
  for (const [place, each] of chaos.entries()) {
    yield* inherit(heir, `x${place}`, each);
  }
}

interface Started<T> {
  readonly pid: Pid<unknown>;
  readonly ref: Ref;
  /** What it returned, when it has ended. */
  readonly result: () => T | undefined;
}

/** Starts a process whose result is read when it has ended. */
function start<T>(context: Context<unknown>, body: (own: Context<unknown>) => Effects<T>): Started<T> {
  let result: T | undefined;
  const { pid, ref } = context.spawnMonitor(function* child(own: Context<unknown>): Effects<void> {
    result = yield* body(own);
  });
  return { pid, ref, result: () => result };
}

function* ended(ref: Ref): Effects<void> {
  const { reason } = yield* receive((message) => isDown(message, ref));
  if (reason !== 'normal') throw new Error(`a client ended: ${formatReason(reason)}`);
}

export function* startBroker(context: Context<unknown>, threads: 0 | 2, store?: StorePlan): Effects<SupervisorPid> {
  context.trapExit(true);
  const listen = { host: '127.0.0.1', tcpPort: AMQP, sharedBetweenThreads: threads > 0 };
  const places = threads === 0 ? [0] : [1, 2];
  const tree = yield* startLink(brokerTree, [
    {
      threads: places,
      formats: [formatChild()],
      frontEnds: places.map(() => [listenerChild(listen)]),
      ...(store === undefined ? {} : { store }),
    },
  ]);
  if (!tree.ok) throw new Error(`no broker: ${formatReason(tree.error)}`);
  return tree.pid as SupervisorPid;
}

/** Starts a client that waits for its end; the connection that is new is its own. */
function* startChaos(
  context: Context<unknown>,
  tree: SupervisorPid,
  script: ChaosScript,
  place: number,
): Effects<Started<Chaos>> {
  const before = new Set(connectionsIn(yield* treeOf(tree)).map((each) => each.tree));
  let channels: readonly AnyPid[] = [];
  const { self } = context;
  const started = start(context, function* chaos(own) {
    const opening = script.ending === 'stall' ? { heartbeatS: HEARTBEAT_S } : {};
    const client = yield* WireClient.open(own, AMQP, opening);
    const state = yield* begin(client, `x${place}`, script);
    own.send(self, { tag: 'ready' });
    yield* receive((message) => message === 'go');
    yield* end(own, state, script.ending, () => own.exit(channels[0], 'kill'));
    return state;
  });
  yield* receive((message) => (message as { readonly tag?: unknown }).tag === 'ready');
  const added = connectionsIn(yield* treeOf(tree)).filter((each) => !before.has(each.tree));
  if (added.length !== 1) throw new Error(`${added.length} connections have come`);
  channels = added[0].channels;
  return started;
}

/** What a quiet client hears when it is alone, on the plain schedule and with nothing cut. */
function expected(ops: readonly QuietOp[], place: number, threads: 0 | 2, options: SimOptions): readonly string[] {
  return simulate({ ...options, checks: false }, function* alone(context) {
    yield* startBroker(context, threads);
    return yield* quietly(context, AMQP, `q${place}`, ops, SMALL);
  }).value;
}

function same(heard: readonly string[], undisturbed: readonly string[]): void {
  const at = undisturbed.findIndex((each, place) => each !== heard[place]);
  if (at >= 0 || heard.length !== undisturbed.length) {
    throw new Error(`B12 a connection hears ${heard[at]} and not ${undisturbed[at]}, as it does alone`);
  }
}
