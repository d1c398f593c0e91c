// A broker inside this process: the entry point `warren/broker`.
//
//   await using broker = await startBroker({ amqpPort: 0 });
//   const connection = await amqplib.connect(broker.url);
import { type SupervisorPid, startLink } from './behaviours/index.ts';
import { type BrokerPlan, brokerTree, type StorePlan } from './broker/index.ts';
import { lockDataDir, reserveTcpPort } from './env/host/index.ts';
import type { Logger, LogLevel } from './env/index.ts';
import { type DownMessage, type Effects, receive } from './process/index.ts';
import { type AmqpSettings, DEFAULT_SETTINGS, listenerChild } from './protocols/amqp091/index.ts';
import { startSystem } from './start.ts';
import type { System } from './system/index.ts';
import { formatReason } from './term/index.ts';

export interface BrokerOptions {
  /** TCP port for AMQP 0-9-1. Default 5672; 0 takes any free one. */
  readonly amqpPort?: number;
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string;
  /** Data threads. Default 0: the broker runs on the calling thread. */
  readonly threads?: number;
  /** A logger, or the lowest level that is written to standard error. Default `warning`. */
  readonly logger?: Logger | LogLevel | 'silent';
  /** Checks and freezes every message between the broker's processes. Default false. */
  readonly strict?: boolean;
  /** Ms that a delivery may stay unacknowledged before its channel is closed. Default 1,800,000; Infinity for ever. */
  readonly consumerTimeoutMs?: number;
  /**
   * Directory for durable queues and all that is declared; made if need be, and locked. Default: none, everything is in
   * memory and ends with the broker.
   */
  readonly dataDir?: string;
  /**
   * What a confirm of a persistent message means: `sync`, it survives a loss of power (default); `os`, it survives the
   * end of the process.
   */
  readonly durability?: 'sync' | 'os';
  /** Bytes of ready durable messages kept in memory; longer backlogs are on the disk only. Default 268,435,456. */
  readonly residentBytesMax?: number;
  /** A handler that runs longer than this costs its data thread its life. Default 10,000 ms. */
  readonly watchdogMs?: number;
}

const STOP_MS = 10_000;
const RESIDENT_BYTES_MAX = 268_435_456;

/** Thrown by `startBroker` when the broker cannot run; the message is one clear line. */
export class BrokerStartError extends Error {
  override readonly name = 'BrokerStartError';
}

/** A running broker. Everything it has belongs to its system and ends with `stop()`. */
export class Broker implements AsyncDisposable {
  readonly system: System;
  readonly host: string;
  /** The TCP port it listens on. */
  readonly amqpPort: number;
  /** Data threads that own sockets. */
  readonly socketThreads: readonly number[];
  /** The root of the supervision tree: metadata, queues, and per thread listeners with their connections. */
  readonly tree: SupervisorPid;
  private readonly unlock: () => void;

  constructor(
    system: System,
    tree: SupervisorPid,
    { host, amqpPort, socketThreads }: { host: string; amqpPort: number; socketThreads: readonly number[] },
    unlock: () => void = () => {},
  ) {
    this.unlock = unlock;
    this.system = system;
    this.tree = tree;
    this.host = host;
    this.amqpPort = amqpPort;
    this.socketThreads = socketThreads;
  }

  /** Where a client on this machine connects, with the default user. */
  get url(): string {
    return `amqp://guest:guest@${this.host === '0.0.0.0' ? '127.0.0.1' : this.host}:${this.amqpPort}`;
  }

  /** Closes all connections with 320 CONNECTION_FORCED and ends everything. */
  async stop(): Promise<void> {
    try {
      await this.system.stop({ shutdownMs: STOP_MS });
    } finally {
      this.unlock();
    }
  }

  /**
   * Resolves with the reason when the broker ends by itself: it has crashed too often, or can keep its log no longer.
   * Rejects with ExitError when it is stopped.
   */
  async ended(): Promise<string> {
    const { tree } = this;
    return await this.system.run(function* (context): Effects<string> {
      const ref = context.monitor(tree);
      const { reason } = yield* receive((message): message is DownMessage => (message as DownMessage).ref === ref);
      return formatReason(reason);
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** Starts a broker that accepts connections when the promise resolves. Rejects with {@link BrokerStartError}, DataDirError or RangeError. */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const { host = '127.0.0.1', amqpPort = 5672, threads = 0, logger = 'warning', strict = false, watchdogMs } = options;
  const { dataDir } = options;
  const settings = settingsOf(options);
  const { tcpPort, isShareable } = await reserve(host, amqpPort);
  const unlock = dataDir === undefined ? () => {} : lockDataDir(dataDir);
  let system: System | null = null;
  try {
    system = await startSystem({
      threads,
      logger,
      strict,
      ...(watchdogMs === undefined ? {} : { watchdogMs }),
      ...(dataDir === undefined ? {} : { dataDir }),
    });
    const dataThreads = threads === 0 ? [0] : system.engine.threads;
    const socketThreads = isShareable ? dataThreads : dataThreads.slice(0, 1);
    const listen = { host, tcpPort, sharedBetweenThreads: socketThreads.length > 1, settings };
    const plan: BrokerPlan = {
      threads: dataThreads,
      frontEnds: dataThreads.map((thread) => [listenerChild(socketThreads.includes(thread) ? listen : null)]),
      ...(dataDir === undefined ? {} : { store: storePlan(options, dataThreads.length) }),
    };
    const started = await system.perform(() => startLink(brokerTree, [plan]));
    if (!started.ok) throw new BrokerStartError(`the broker did not start: ${formatReason(started.error)}`);
    return new Broker(system, started.pid, { host, amqpPort: tcpPort, socketThreads }, unlock);
  } catch (error) {
    await system?.stop();
    unlock();
    throw error;
  }
}

/** How the broker keeps what is durable. */
function storePlan(
  { durability = 'sync', residentBytesMax = RESIDENT_BYTES_MAX }: BrokerOptions,
  threads: number,
): StorePlan {
  if (durability !== 'sync' && durability !== 'os')
    throw new RangeError(`durability must be sync or os, got ${durability}`);
  if (!(residentBytesMax >= 0)) throw new RangeError(`residentBytesMax must be at least 0, got ${residentBytesMax}`);
  return { log: { durability }, residentBytesMax: Math.floor(residentBytesMax / threads) };
}

function settingsOf({ consumerTimeoutMs = DEFAULT_SETTINGS.consumerTimeoutMs }: BrokerOptions): AmqpSettings {
  if (!(consumerTimeoutMs > 0)) throw new RangeError(`consumerTimeoutMs must be above 0, got ${consumerTimeoutMs}`);
  return { consumerTimeoutMs };
}

async function reserve(host: string, amqpPort: number): ReturnType<typeof reserveTcpPort> {
  try {
    return await reserveTcpPort(host, amqpPort);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw new BrokerStartError(`port ${amqpPort} on ${host} is taken`);
    if (code === 'EACCES') throw new BrokerStartError(`no permission to listen on port ${amqpPort}`);
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new BrokerStartError(`${host} is no address of this machine`);
    throw error;
  }
}
