// The supervision tree of a broker (DESIGN decision 11).
//
//   brokerTree (restForOne)                    on the control thread
//     log, log agents                          where durable things are kept; see ../store/tree.ts
//     queues N (dynamic)                       one per data thread: its queues, placed on it
//     metadata
//     alarms                                   memory and disk; see ../alarms
//     threads (oneForOne)
//       thread N (restForOne)                  one per data thread
//         replica                              on the data thread
//         heap watch                           on the data thread
//         what the protocols bring: listeners with their connections, on the data thread
//     definitions                              imported before what the protocols bring is started; then gone
//
// Queues come first: metadata and threads may be started again without them, never they without those. What is on one
// thread is nothing to the others.
import { type ChildSpec, dynamicSupervisor, supervisor } from '../../behaviours/index.ts';
import type { Mfa } from '../../term/index.ts';
import type { BrokerLimits } from '../access/index.ts';
import { ALARMS_NAME, type AlarmSettings, alarmServer } from '../alarms/index.ts';
import { BOOT_DEFINITIONS } from '../definitions/boot.ts';
import { type StorePlan, sayKeepsLog, storeLog } from '../store/index.ts';
import { metadataServer } from './metadata-server.ts';
import { METADATA_NAME, queuesName, THREADS_NAME, threadTreeId } from './protocol.ts';
import { holdBack, isHeldBack } from './words.ts';

/** Where a broker lives. */
export interface BrokerPlan {
  /** The data threads; the control thread itself in a system without any. */
  readonly threads: readonly number[];
  /** Per thread, in the same order: children that run on it and need its replica, in order. Their bodies are Mfas. */
  readonly frontEnds: readonly (readonly ChildSpec[])[];
  /** Started on each thread before its replica: they make formats known, which dead letters of the first moments need. */
  readonly formats?: readonly ChildSpec[];
  /** How to keep what is durable; without it everything is in memory. */
  readonly store?: StorePlan;
  /** Definitions as JSON, imported once before the front ends start; without them none. */
  readonly definitions?: string;
  /** What it bounds; without them RabbitMQ's. */
  readonly limits?: BrokerLimits;
  /** When publishers have to wait; without it never. */
  readonly alarms?: AlarmSettings;
}

/** The extension of this very file: `.ts` from the sources, `.js` when built. */
const EXTENSION = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const REPLICA: Mfa = {
  module: new URL(`./thread-replica.${EXTENSION}`, import.meta.url).href,
  export: 'threadReplica',
};

const HEAP_WATCH: Mfa = {
  module: new URL(`../alarms/alarm-watch.${EXTENSION}`, import.meta.url).href,
  export: 'alarmWatch',
};

/** Crashes that a thread's queues, and a thread, may have before the whole broker starts again. */
const QUEUE_CRASHES = { intensity: 1_000, periodMs: 10_000 };
/** A thread that dies every second is still worth more than the connections of the others. */
const THREAD_CRASHES = { intensity: 60, periodMs: 60_000 };

const queues = dynamicSupervisor(QUEUE_CRASHES);

/** One data thread: its replica, then what depends on it. */
const threadTree = supervisor(
  (
    context,
    thread: number,
    formats: readonly ChildSpec[],
    frontEnds: readonly ChildSpec[],
    heapShareMax: number | null,
  ) => ({
    strategy: 'restForOne',
    ...THREAD_CRASHES,
    children: [
      ...formats,
      { id: 'replica', start: { body: REPLICA, placement: { thread } } },
      ...(heapShareMax === null
        ? []
        : [{ id: 'heap watch', start: { body: HEAP_WATCH, args: [heapShareMax], placement: { thread } } }]),
      ...(isHeldBack(context.env.words) ? [] : frontEnds),
    ],
  }),
);

function on(thread: number): (spec: ChildSpec) => ChildSpec {
  return (spec) => ({ ...spec, start: { ...spec.start, placement: { thread } } });
}

/** What runs on the data threads beside queues; its argument is a {@link BrokerPlan}. */
const threadTrees = supervisor((_context, { threads, formats, frontEnds, alarms }: BrokerPlan) => ({
  strategy: 'oneForOne',
  ...THREAD_CRASHES,
  children: threads.map(
    (thread, index): ChildSpec => ({
      id: threadTreeId(thread),
      start: {
        body: threadTree,
        args: [
          thread,
          (formats ?? []).map(on(thread)),
          (frontEnds[index] ?? []).map(on(thread)),
          alarms?.heapShareMax ?? null,
        ],
      },
      type: 'supervisor',
    }),
  ),
}));

function definitionsChild({ threads, frontEnds }: BrokerPlan, json: string): ChildSpec {
  const held = threads.map((thread, index) => [thread, (frontEnds[index] ?? []).map(on(thread))]);
  return { id: 'definitions', start: { body: BOOT_DEFINITIONS, args: [json, held] }, restart: 'temporary' };
}

/** The whole broker; its argument is a {@link BrokerPlan}. */
export const brokerTree = supervisor((context, plan: BrokerPlan) => {
  sayKeepsLog(context.env.words, plan.store !== undefined);
  holdBack(context.env.words, plan.definitions !== undefined);
  return {
    strategy: 'restForOne',
    ...THREAD_CRASHES,
    ...(plan.store === undefined ? {} : { autoShutdown: 'anySignificant' as const }),
    children: [
      ...(plan.store === undefined ? [] : storeLog(plan.store, plan.threads)),
      ...plan.threads.map(
        (thread): ChildSpec => ({
          id: `queues ${thread}`,
          start: { body: queues, name: queuesName(thread) },
          type: 'supervisor',
        }),
      ),
      { id: 'metadata', start: { body: metadataServer, args: [plan.threads, plan.limits], name: METADATA_NAME } },
      ...(plan.alarms === undefined
        ? []
        : [{ id: 'alarms', start: { body: alarmServer, args: [plan.alarms], name: ALARMS_NAME } }]),
      { id: 'threads', start: { body: threadTrees, args: [plan], name: THREADS_NAME }, type: 'supervisor' },
      ...(plan.definitions === undefined ? [] : [definitionsChild(plan, plan.definitions)]),
    ],
  };
});
