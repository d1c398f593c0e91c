// Question: what load is asked for? The parameters of one run with their units, defaults and checks in one place.
// A bad value is one clear error; the shape is printed with every result so that a figure can be repeated.

import { BODY_BYTES_MIN } from './frames.ts';

/** One run of the generator. Zero means "no limit" wherever a limit is named. */
export interface LoadOptions {
  readonly host: string;
  readonly amqpPort: number;
  readonly user: string;
  readonly password: string;
  readonly producers: number;
  readonly consumers: number;
  readonly queues: number;
  readonly bodyBytes: number;
  /** Deliver without acknowledgements. */
  readonly isAutoAck: boolean;
  /** Unacknowledged messages per consumer (manual ack). */
  readonly prefetch: number;
  /** 1: each message by its own ack; n: every n-th with `multiple`. */
  readonly ackEvery: number;
  /** Messages in flight between all producers and consumers. */
  readonly window: number;
  /** Unconfirmed publishes per producer; 0 switches confirms off. */
  readonly confirmsOutstanding: number;
  readonly isPersistent: boolean;
  /** Each message goes to every queue through a fanout exchange. */
  readonly isFanout: boolean;
  /** So many bindings with wildcards on a topic exchange, of which one matches each message; 0 for none. */
  readonly wildcardBindings: number;
  /** Publishes per second over all producers; 0 is as fast as possible. */
  readonly ratePerSecond: number;
  readonly seconds: number;
  readonly warmupSeconds: number;
  /** Publishes in all, instead of a duration. */
  readonly messages: number;
  readonly drainTimeoutMs: number;
  /** Idle connections instead of traffic. */
  readonly connections: number;
  /** Queues declared, bound and deleted one by one instead of traffic. */
  readonly declares: number;
  /** Queues that are there already when the first of those is declared. */
  readonly declaresBefore: number;
  /** Cycles of connect, publish and close instead of traffic. */
  readonly cycles: number;
  /** Messages that nobody consumes instead of traffic. */
  readonly backlog: number;
  /** There already, and idle, while the load runs: connections, queues, and messages of 1 KiB in a queue of their own. */
  readonly idleConnections: number;
  readonly idleQueues: number;
  readonly idleMessages: number;
  /** Connections opened at the same time. */
  readonly openAtOnce: number;
  /** Processes of the broker, for CPU and memory; empty when unknown. */
  readonly brokerPids: readonly number[];
}

/** What a run does unless told otherwise. */
export const LOAD_DEFAULTS: LoadOptions = {
  host: '127.0.0.1',
  amqpPort: 5672,
  user: 'guest',
  password: 'guest',
  producers: 1,
  consumers: 1,
  queues: 1,
  bodyBytes: 16,
  isAutoAck: true,
  prefetch: 100,
  ackEvery: 1,
  window: 5000,
  confirmsOutstanding: 0,
  isPersistent: false,
  isFanout: false,
  wildcardBindings: 0,
  ratePerSecond: 0,
  seconds: 3,
  warmupSeconds: 1,
  messages: 0,
  drainTimeoutMs: 10_000,
  connections: 0,
  declares: 0,
  declaresBefore: 0,
  cycles: 0,
  backlog: 0,
  idleConnections: 0,
  idleQueues: 0,
  idleMessages: 0,
  openAtOnce: 8,
  brokerPids: [],
};

const AT_LEAST: Partial<Record<keyof LoadOptions, number>> = {
  amqpPort: 1,
  producers: 1,
  consumers: 1,
  queues: 1,
  bodyBytes: BODY_BYTES_MIN,
  prefetch: 0,
  ackEvery: 1,
  window: 0,
  confirmsOutstanding: 0,
  ratePerSecond: 0,
  messages: 0,
  drainTimeoutMs: 0,
  connections: 0,
  declares: 0,
  declaresBefore: 0,
  cycles: 0,
  backlog: 0,
  idleConnections: 0,
  idleQueues: 0,
  idleMessages: 0,
  wildcardBindings: 0,
  openAtOnce: 1,
};

/** The options with defaults filled in. Throws a RangeError that names the first bad one. */
export function loadOptions(given: Partial<LoadOptions>): LoadOptions {
  const options = { ...LOAD_DEFAULTS, ...given };
  for (const [name, least] of Object.entries(AT_LEAST)) {
    const value = options[name as keyof LoadOptions];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least) {
      throw new RangeError(`${name} must be a whole number of at least ${least}, not ${value}`);
    }
  }
  if (!(options.seconds > 0) || !(options.warmupSeconds >= 0)) {
    throw new RangeError('seconds must be above 0 and warmupSeconds not below');
  }
  if (options.consumers < options.queues) throw new RangeError('each queue needs a consumer: consumers < queues');
  if (!options.isAutoAck && options.prefetch > 0 && options.ackEvery > options.prefetch) {
    throw new RangeError('ackEvery above prefetch would wait for ever');
  }
  return options;
}
