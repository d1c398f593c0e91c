// A broker inside this process: the entry point `warren/broker`.
//
//   await using broker = await startBroker({ amqpPort: 0 });
//   const connection = await amqplib.connect(broker.url);
import { BrokerAdmin } from './admin.ts';
import { type SupervisorPid, startLink } from './behaviours/index.ts';
import {
  type BrokerLimits,
  type BrokerPlan,
  badDefinitionsIn,
  brokerTree,
  logRefusedIn,
  type Profile,
  warnOfDefaultLogin,
} from './broker/index.ts';
import {
  alarmSettings,
  type BrokerOptions,
  type BrokerTls,
  type BrokerWebSocket,
  brokerLimits,
  checkBrokerOptions,
  settingsOf,
  storePlan,
} from './broker-options.ts';
import { lockDataDir, readTlsFiles, reserveTcpPort, TlsFileError } from './env/host/index.ts';
import type { ListenOptions, TlsFiles } from './env/index.ts';
import { type DownMessage, type Effects, receive } from './process/index.ts';
import { type CertificateLogin, formatChild, type ListenerOptions, listenerChild } from './protocols/amqp091/index.ts';
import { startSystem } from './start.ts';
import type { System } from './system/index.ts';
import { formatReason } from './term/index.ts';

export * from './admin.ts';
export type { BrokerLimits, BrokerOptions, BrokerTls, BrokerWebSocket, Profile };

const STOP_MS = 10_000;

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
  checkBrokerOptions(options);
  const { threads = 0, logger = 'warning', strict = false, watchdogMs } = options;
  const dataDir = options.durability === 'memory' ? undefined : options.dataDir;
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
    if (!started.ok) throw new BrokerStartError(startFailure(started.error, dataDir));
    await system.perform(() => warnOfDefaultLogin(at.host));
    return new Broker(system, started.pid, { ...at, socketThreads }, unlock);
  } catch (error) {
    await system?.stop();
    unlock();
    throw error;
  }
}

/** What the tree did not start for, in one line. */
function startFailure(error: unknown, dataDir: string | undefined): string {
  const bad = badDefinitionsIn(error);
  if (bad !== null) return `definitions: ${bad.text}`;
  const refused = logRefusedIn(error);
  if (refused !== null) return `the log in ${dataDir} cannot be used: ${refused.text}`;
  return `the broker did not start: ${formatReason(error)}`;
}

/** An object travels to the broker's tree as the text that it stands for. */
function definitionsJson(definitions: object | string): string {
  return typeof definitions === 'string' ? definitions : JSON.stringify(definitions);
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
