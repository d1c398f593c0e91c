// A broker inside this process: the entry point `warren/broker`.
//
//   await using broker = await startBroker({ amqpPort: 0 });
//   const connection = await amqplib.connect(broker.url);
import { BrokerAdmin } from './admin.ts';
import { type SupervisorPid, startLink } from './behaviours/index.ts';
import {
  type AlarmSettings,
  type BrokerLimits,
  type BrokerPlan,
  badDefinitionsIn,
  brokerTree,
  limitsOf,
  type Profile,
  type StorePlan,
  warnOfDefaultLogin,
} from './broker/index.ts';
import { lockDataDir, machineMemoryBytes, readTlsFiles, reserveTcpPort, TlsFileError } from './env/host/index.ts';
import type { ListenOptions, Logger, LogLevel, TlsFiles } from './env/index.ts';
import { type DownMessage, type Effects, receive } from './process/index.ts';
import {
  type AmqpSettings,
  type CertificateLogin,
  DEFAULT_SETTINGS,
  formatChild,
  type ListenerOptions,
  listenerChild,
} from './protocols/amqp091/index.ts';
import { startSystem } from './start.ts';
import type { System } from './system/index.ts';
import { checkOptions, formatReason } from './term/index.ts';

export * from './admin.ts';
export type { BrokerLimits, Profile };

/** TLS of a broker. Files are PEM; changed ones are used without a restart. */
export interface BrokerTls {
  readonly certificateFile: string;
  /** The key of the certificate, without a passphrase. */
  readonly keyFile: string;
  /** Authorities of clients' certificates. */
  readonly caFile?: string;
  /**
   * `none`: clients are not asked for certificates. `optional`: one that is shown has to be good. `peer`: there has to be
   * one. Default: `peer` with `caFile`, `none` without.
   */
  readonly verify?: TlsFiles['verify'];
  /** Offers EXTERNAL: a client logs in as the user whom its certificate names here. Default: it is not offered. */
  readonly loginFrom?: CertificateLogin;
  /** How often at most the files are looked at again, ms. Default 5,000. */
  readonly recheckMs?: number;
}

/** AMQP over WebSocket. */
export interface BrokerWebSocket {
  /** 0 takes any free one. */
  readonly tcpPort: number;
  /** Pages, by origin such as `https://example.org`, whose scripts may connect; `*` for all. Default: none, only programs. */
  readonly origins?: readonly string[];
  /** The largest message of the WebSocket that is taken; clients send one publish in each. Default 16 MiB and some. */
  readonly messageBytesMax?: number;
  /** Under TLS (`wss:`), with the broker's `tls`. Default false. */
  readonly isSecure?: boolean;
}

export interface BrokerOptions {
  /** TCP port for AMQP 0-9-1. Default 5672; 0 takes any free one. */
  readonly amqpPort?: number;
  /** TLS; with it the broker listens on `amqpsPort` too. Default: none. */
  readonly tls?: BrokerTls;
  /** TCP port for AMQP over TLS. Default 5671 where `tls` is given; 0 takes any free one. */
  readonly amqpsPort?: number;
  /** AMQP over WebSocket. Default: none. */
  readonly webSocket?: BrokerWebSocket;
  /** Every connection, of each kind, starts with a PROXY header, version 1 or 2. Default false. */
  readonly proxyProtocol?: boolean;
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string;
  /** Data threads. Default 0: the broker runs on the calling thread. */
  readonly threads?: number;
  /** A logger, or the lowest level that is written to standard error. Default `warning`. */
  readonly logger?: Logger | LogLevel | 'silent';
  /** Checks and freezes every message between the broker's processes. Default false. */
  readonly strict?: boolean;
  /** Which limits hold where none is given: RabbitMQ's own, or finite ones for everything. Default `rabbitmq`. */
  readonly profile?: Profile;
  /** Limits by name, instead of the profile's; Infinity for none. */
  readonly limits?: Partial<BrokerLimits>;
  /** Ms that a delivery may stay unacknowledged before its channel is closed. Default 1,800,000; Infinity for ever. */
  readonly consumerTimeoutMs?: number;
  /**
   * Directory for durable queues and all that is declared; made if need be, and locked. Default: none, everything is in
   * memory and ends with the broker.
   */
  readonly dataDir?: string;
  /**
   * What a confirm of a persistent message means: `sync`, it survives a loss of power (default); `os`, it survives the
   * end of the process; `memory`, it survives what happens inside the process, and `dataDir` is not touched.
   */
  readonly durability?: 'sync' | 'os' | 'memory';
  /** Bytes of ready durable messages kept in memory; longer backlogs are on the disk only. Default 268,435,456. */
  readonly residentBytesMax?: number;
  /** Definitions as RabbitMQ exports them, an object or its JSON text: imported before the promise resolves. Default: none. */
  readonly definitions?: object | string;
  /**
   * Memory beyond which publishers wait: a share of what the process may use, up to 1, or bytes. The heap of each thread
   * counts as well. Default 0.4; Infinity for no bound.
   */
  readonly memoryWatermark?: number;
  /** Bytes that have to be free on the disk of `dataDir`, or publishers wait. Default 50,000,000; 0 for none. */
  readonly diskFreeLimit?: number;
  /** A handler that runs longer than this costs its data thread its life. Default 10,000 ms. */
  readonly watchdogMs?: number;
}

const OPTIONS: Readonly<Record<keyof BrokerOptions, true>> = {
  amqpPort: true,
  tls: true,
  amqpsPort: true,
  webSocket: true,
  proxyProtocol: true,
  host: true,
  threads: true,
  logger: true,
  strict: true,
  profile: true,
  limits: true,
  consumerTimeoutMs: true,
  dataDir: true,
  durability: true,
  residentBytesMax: true,
  definitions: true,
  memoryWatermark: true,
  diskFreeLimit: true,
  watchdogMs: true,
};
const TLS: Readonly<Record<keyof BrokerTls, true>> = {
  certificateFile: true,
  keyFile: true,
  caFile: true,
  verify: true,
  loginFrom: true,
  recheckMs: true,
};
const WEB_SOCKET: Readonly<Record<keyof BrokerWebSocket, true>> = {
  tcpPort: true,
  origins: true,
  messageBytesMax: true,
  isSecure: true,
};

const STOP_MS = 10_000;
const RESIDENT_BYTES_MAX = 268_435_456;
/** RabbitMQ's. */
const MEMORY_WATERMARK = 0.4;
/** Beyond it the collector works more than the broker. */
const HEAP_SHARE_MAX = 0.75;

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
  /** The TCP port of AMQP over TLS; null without. */
  readonly amqpsPort: number | null;
  /** The TCP port of AMQP over WebSocket; null without. */
  readonly webSocketPort: number | null;
  /** Data threads that own sockets. */
  readonly socketThreads: readonly number[];
  /** The root of the supervision tree: metadata, queues, and per thread listeners with their connections. */
  readonly tree: SupervisorPid;
  /** What is done to the broker without a connection: vhosts, users, permissions, limits and policies. */
  readonly admin: BrokerAdmin;
  private readonly unlock: () => void;

  constructor(
    system: System,
    tree: SupervisorPid,
    at: Pick<Broker, 'host' | 'amqpPort' | 'amqpsPort' | 'webSocketPort' | 'socketThreads'>,
    unlock: () => void = () => {},
  ) {
    this.unlock = unlock;
    this.system = system;
    this.admin = new BrokerAdmin(system);
    this.tree = tree;
    this.host = at.host;
    this.amqpPort = at.amqpPort;
    this.amqpsPort = at.amqpsPort;
    this.webSocketPort = at.webSocketPort;
    this.socketThreads = at.socketThreads;
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
  checkOptions('startBroker', options, OPTIONS);
  checkOptions('tls', options.tls ?? {}, TLS);
  checkOptions('webSocket', options.webSocket ?? {}, WEB_SOCKET);
  const { threads = 0, logger = 'warning', strict = false, watchdogMs } = options;
  const dataDir = options.durability === 'memory' ? undefined : options.dataDir;
  checkBounds(options);
  const { listeners, isShareable, at } = await reserveAll(options);
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
    const sharedBetweenThreads = socketThreads.length > 1;
    const listen = listeners.map((listener) => ({ ...listener, sharedBetweenThreads }));
    const plan: BrokerPlan = {
      threads: dataThreads,
      formats: [formatChild()],
      frontEnds: dataThreads.map((thread) => [listenerChild(socketThreads.includes(thread) ? listen : null)]),
      ...(dataDir === undefined ? {} : { store: storePlan(options, dataThreads.length) }),
      limits: brokerLimits(options),
      alarms: alarmSettings(options, dataDir !== undefined),
      ...(options.definitions === undefined ? {} : { definitions: definitionsJson(options.definitions) }),
    };
    const started = await system.perform(() => startLink(brokerTree, [plan]));
    if (!started.ok) throw new BrokerStartError(startFailure(started.error));
    await system.perform(() => warnOfDefaultLogin(at.host));
    return new Broker(system, started.pid, { ...at, socketThreads }, unlock);
  } catch (error) {
    await system?.stop();
    unlock();
    throw error;
  }
}

/** What the tree did not start for, in one line. */
function startFailure(error: unknown): string {
  const bad = badDefinitionsIn(error);
  return bad === null ? `the broker did not start: ${formatReason(error)}` : `definitions: ${bad.text}`;
}

/** An object travels to the broker's tree as the text that it stands for. */
function definitionsJson(definitions: object | string): string {
  return typeof definitions === 'string' ? definitions : JSON.stringify(definitions);
}

function checkBounds({
  durability = 'sync',
  residentBytesMax = RESIDENT_BYTES_MAX,
  memoryWatermark = MEMORY_WATERMARK,
  diskFreeLimit = 0,
}: BrokerOptions): void {
  if (durability !== 'sync' && durability !== 'os' && durability !== 'memory')
    throw new RangeError(`durability must be sync, os or memory, got ${durability}`);
  if (!(memoryWatermark > 0)) throw new RangeError(`memoryWatermark must be above 0, got ${memoryWatermark}`);
  if (!(diskFreeLimit >= 0)) throw new RangeError(`diskFreeLimit must be at least 0, got ${diskFreeLimit}`);
  if (!(residentBytesMax >= 0)) throw new RangeError(`residentBytesMax must be at least 0, got ${residentBytesMax}`);
}

function alarmSettings(
  { memoryWatermark = MEMORY_WATERMARK, ...options }: BrokerOptions,
  hasDisk: boolean,
): AlarmSettings {
  const { diskFreeLimit = brokerLimits(options).diskFreeBytes } = options;
  const memoryBytesMax = memoryWatermark <= 1 ? memoryWatermark * machineMemoryBytes() : memoryWatermark;
  const heapShareMax = memoryWatermark === Number.POSITIVE_INFINITY ? memoryWatermark : HEAP_SHARE_MAX;
  return { memoryBytesMax, heapShareMax, diskFreeBytesMin: hasDisk && diskFreeLimit > 0 ? diskFreeLimit : null };
}

/** How the broker keeps what is durable. */
function storePlan({ durability, residentBytesMax = RESIDENT_BYTES_MAX }: BrokerOptions, threads: number): StorePlan {
  const log = { durability: durability === 'os' ? 'os' : 'sync' } as const;
  return { log, residentBytesMax: Math.floor(residentBytesMax / threads) };
}

function brokerLimits({ profile = 'rabbitmq', limits }: BrokerOptions): BrokerLimits {
  return limitsOf(profile, limits);
}

function settingsOf(options: BrokerOptions): AmqpSettings {
  const { consumerTimeoutMs = DEFAULT_SETTINGS.consumerTimeoutMs } = options;
  if (!(consumerTimeoutMs > 0)) throw new RangeError(`consumerTimeoutMs must be above 0, got ${consumerTimeoutMs}`);
  return { ...DEFAULT_SETTINGS, consumerTimeoutMs, limits: brokerLimits(options) };
}

interface Reserved {
  readonly listeners: readonly ListenerOptions[];
  readonly isShareable: boolean;
  readonly at: Pick<Broker, 'host' | 'amqpPort' | 'amqpsPort' | 'webSocketPort'>;
}

/** What the broker listens on, once it is sure that it can. */
async function reserveAll(options: BrokerOptions): Promise<Reserved> {
  const { host = '127.0.0.1', amqpPort = 5672, amqpsPort = 5671, webSocket, proxyProtocol = false } = options;
  const settings = settingsOf(options);
  const { files, certificateLogin } = tlsOf(options);
  const plain = await reserve(host, amqpPort);
  const common = { host, settings, ...(proxyProtocol ? { proxyProtocol } : {}) };
  const listeners: ListenerOptions[] = [{ ...common, tcpPort: plain.tcpPort }];
  const secure: Pick<ListenOptions, 'tls'> = files === undefined ? {} : { tls: files };
  const secureSettings = { ...settings, certificateLogin };
  const amqps = files === undefined ? null : await reserve(host, amqpsPort);
  if (amqps !== null) listeners.push({ ...common, ...secure, settings: secureSettings, tcpPort: amqps.tcpPort });
  const door = webSocket === undefined ? null : await reserve(host, webSocket.tcpPort);
  if (webSocket !== undefined && door !== null) {
    const { origins = [], isSecure = false, messageBytesMax } = webSocket;
    if (isSecure && files === undefined) throw new BrokerStartError('a secure WebSocket needs a certificate');
    const rules = {
      origins: origins.map((origin) => origin.toLowerCase()),
      ...(messageBytesMax === undefined ? {} : { messageBytesMax }),
    };
    const layers = isSecure ? { ...secure, settings: secureSettings } : {};
    listeners.push({ ...common, ...layers, tcpPort: door.tcpPort, webSocket: rules });
  }
  const ports = { amqpPort: plain.tcpPort, amqpsPort: amqps?.tcpPort ?? null, webSocketPort: door?.tcpPort ?? null };
  return { listeners, isShareable: plain.isShareable, at: { host, ...ports } };
}

function tlsOf({ tls, amqpsPort }: BrokerOptions): { files?: TlsFiles; certificateLogin: CertificateLogin | null } {
  if (tls === undefined) {
    if (amqpsPort !== undefined) throw new BrokerStartError('AMQP over TLS needs a certificate and its key');
    return { certificateLogin: null };
  }
  const {
    certificateFile,
    keyFile,
    caFile,
    verify = caFile === undefined ? 'none' : 'peer',
    loginFrom,
    recheckMs,
  } = tls;
  if (loginFrom !== undefined && verify === 'none') {
    throw new BrokerStartError('a login by certificate needs clients to be verified');
  }
  const files: TlsFiles = {
    certificateFile,
    keyFile,
    verify,
    ...(caFile === undefined ? {} : { caFile }),
    ...(recheckMs === undefined ? {} : { recheckMs }),
  };
  try {
    readTlsFiles(files);
  } catch (error) {
    if (error instanceof TlsFileError) throw new BrokerStartError(error.message);
    throw error;
  }
  return { files, certificateLogin: loginFrom ?? null };
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
