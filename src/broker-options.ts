// The options of `startBroker`: what they are, their defaults, and what they mean for the parts of a broker.
import { type AlarmSettings, type BrokerLimits, limitsOf, type Profile, type StorePlan } from './broker/index.ts';
import { machineMemoryBytes } from './env/host/index.ts';
import type { Logger, LogLevel, TlsFiles } from './env/index.ts';
import { type AmqpSettings, type CertificateLogin, DEFAULT_SETTINGS } from './protocols/amqp091/index.ts';
import { checkOptions } from './term/index.ts';

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

const RESIDENT_BYTES_MAX = 268_435_456;
/** RabbitMQ's. */
const MEMORY_WATERMARK = 0.4;
/** Beyond it the collector works more than the broker. */
const HEAP_SHARE_MAX = 0.75;

/** Throws RangeError for an option that does not exist or is out of range. */
export function checkBrokerOptions(options: BrokerOptions): void {
  checkOptions('startBroker', options, OPTIONS);
  checkOptions('tls', options.tls ?? {}, TLS);
  checkOptions('webSocket', options.webSocket ?? {}, WEB_SOCKET);
  checkBounds(options);
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

/** When publishers have to wait; `hasDisk`: there is a log. */
export function alarmSettings(
  { memoryWatermark = MEMORY_WATERMARK, ...options }: BrokerOptions,
  hasDisk: boolean,
): AlarmSettings {
  const { diskFreeLimit = brokerLimits(options).diskFreeBytes } = options;
  const memoryBytesMax = memoryWatermark <= 1 ? memoryWatermark * machineMemoryBytes() : memoryWatermark;
  const heapShareMax = memoryWatermark === Number.POSITIVE_INFINITY ? memoryWatermark : HEAP_SHARE_MAX;
  return { memoryBytesMax, heapShareMax, diskFreeBytesMin: hasDisk && diskFreeLimit > 0 ? diskFreeLimit : null };
}

/** How the broker keeps what is durable. */
export function storePlan(
  { durability, residentBytesMax = RESIDENT_BYTES_MAX }: BrokerOptions,
  threads: number,
): StorePlan {
  const log = { durability: durability === 'os' ? 'os' : 'sync' } as const;
  return { log, residentBytesMax: Math.floor(residentBytesMax / threads) };
}

/** The limits that hold. Throws RangeError for one that does not exist. */
export function brokerLimits({ profile = 'rabbitmq', limits }: BrokerOptions): BrokerLimits {
  return limitsOf(profile, limits);
}

/** What the protocol is to know of them. Throws RangeError. */
export function settingsOf(options: BrokerOptions): AmqpSettings {
  const { consumerTimeoutMs = DEFAULT_SETTINGS.consumerTimeoutMs } = options;
  if (!(consumerTimeoutMs > 0)) throw new RangeError(`consumerTimeoutMs must be above 0, got ${consumerTimeoutMs}`);
  return { ...DEFAULT_SETTINGS, consumerTimeoutMs, limits: brokerLimits(options) };
}
