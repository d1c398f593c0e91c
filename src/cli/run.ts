// Runs the command: options, the broker, the ready line, signals, and one clear line for everything that can go wrong.
import { readFileSync } from 'node:fs';
import { type Broker, type BrokerOptions, BrokerStartError, startBroker } from '../broker.ts';
import { countExternalMemoryWithHeap, DataDirError, onParentGone } from '../env/host/index.ts';
import { CommanderError, command, OptionError, type StartOptions } from './options.ts';
import { lookAtStore, StoreError, type StoreLook } from './store.ts';

/** Exit codes: 1 for anything that kept the broker from running, 2 for a bad option. */
const EXIT_FAILED = 1;
const EXIT_BAD_OPTION = 2;

/** Runs the command line. Returns when the broker is ready, or ends the process. */
export async function run(argv: readonly string[]): Promise<void> {
  let chosen: StartOptions | null = null;
  let asked: StoreLook | null = null;
  try {
    const take = (options: StartOptions) => {
      chosen = options;
    };
    const look = (given: StoreLook) => {
      asked = given;
    };
    command(version(), take, look).parse(argv);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return;
    // What stands in for a help text that was asked for by nobody.
    if (error instanceof CommanderError && error.code === 'commander.help')
      fail('store needs a command: verify, dump or compact', EXIT_BAD_OPTION);
    if (error instanceof CommanderError || error instanceof OptionError) fail(error.message, EXIT_BAD_OPTION);
    throw error;
  }
  if (chosen !== null) await start(chosen);
  if (asked !== null) await lookAt(asked);
}

/** Exit code 1 says that the log is damaged, too. */
async function lookAt(asked: StoreLook): Promise<void> {
  try {
    const isSound = await lookAtStore(asked, (line) => process.stdout.write(`${line}\n`));
    process.exitCode = isSound ? 0 : EXIT_FAILED;
  } catch (error) {
    if (error instanceof StoreError || error instanceof DataDirError) fail(error.message, EXIT_FAILED);
    throw error;
  }
}

async function start(options: StartOptions): Promise<void> {
  countExternalMemoryWithHeap();
  const durability = options.memory ? 'memory' : options.durability;
  try {
    const broker = await startBroker({
      amqpPort: options.amqpPort,
      host: options.host,
      threads: options.threads,
      logger: options.logLevel,
      strict: false,
      ...transports(options),
      ...consumerTimeout(options),
      ...definitions(options),
      ...(options.profile === undefined ? {} : { profile: options.profile }),
      ...(options.limits === undefined ? {} : { limits: options.limits }),
      durability,
      ...(options.memoryWatermark === undefined ? {} : { memoryWatermark: options.memoryWatermark }),
      ...(options.diskFreeLimit === undefined ? {} : { diskFreeLimit: options.diskFreeLimit }),
      dataDir: options.dataDir,
    });
    // Before the line: whoever reads it may send a signal at once.
    stopOnSignals(broker);
    endWithBroker(broker);
    const data = durability === 'memory' ? 'memory' : options.dataDir;
    const others = [
      ...(broker.amqpsPort === null ? [] : [` amqps=${options.host}:${broker.amqpsPort}`]),
      ...(broker.webSocketPort === null ? [] : [` ws=${options.host}:${broker.webSocketPort}`]),
    ].join('');
    process.stdout.write(
      `warren: ready amqp=${options.host}:${broker.amqpPort} threads=${options.threads}${others} data=${data}\n`,
    );
  } catch (error) {
    if (error instanceof DataDirError || error instanceof BrokerStartError) fail(error.message, EXIT_FAILED);
    if (error instanceof RangeError && options.limits !== undefined) fail(error.message, EXIT_BAD_OPTION);
    throw error;
  }
}

/** 0 says for ever on a command line. */
function definitions({ definitions: file }: StartOptions): Partial<BrokerOptions> {
  if (file === undefined) return {};
  try {
    return { definitions: readFileSync(file, 'utf8') };
  } catch (error) {
    throw new BrokerStartError(`definitions: cannot read ${file}: ${(error as Error).message}`);
  }
}

function consumerTimeout({ consumerTimeout: ms }: StartOptions): Partial<BrokerOptions> {
  return ms === undefined ? {} : { consumerTimeoutMs: ms === 0 ? Number.POSITIVE_INFINITY : ms };
}

/** The options beside plain TCP. */
function transports(options: StartOptions): Partial<BrokerOptions> {
  const { tlsCert, tlsKey, tlsCa, tlsVerify, tlsLoginFrom, amqpsPort, wsPort, wsOrigins, wsTls, proxyProtocol } =
    options;
  const tls: BrokerOptions['tls'] =
    tlsCert === undefined || tlsKey === undefined
      ? undefined
      : {
          certificateFile: tlsCert,
          keyFile: tlsKey,
          ...(tlsCa === undefined ? {} : { caFile: tlsCa }),
          ...(tlsVerify === undefined ? {} : { verify: tlsVerify }),
          ...(tlsLoginFrom === undefined ? {} : { loginFrom: tlsLoginFrom }),
        };
  const webSocket = wsPort === undefined ? undefined : { tcpPort: wsPort, isSecure: wsTls, origins: wsOrigins ?? [] };
  return {
    proxyProtocol,
    ...(tls === undefined ? {} : { tls }),
    ...(amqpsPort === undefined ? {} : { amqpsPort }),
    ...(webSocket === undefined ? {} : { webSocket }),
  };
}

/** A broker that ends by itself is no broker any more: whoever started this has to know. */
function endWithBroker(broker: Broker): void {
  broker.ended().then(
    (reason) => fail(`the broker has ended: ${reason}`, EXIT_FAILED),
    // It is being stopped.
    () => {},
  );
}

function stopOnSignals(broker: Broker): void {
  let isStopping = false;
  const stop = (signal: string) => {
    // The second signal is for a person who will not wait.
    if (isStopping) process.exit(EXIT_FAILED);
    isStopping = true;
    broker.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        fail(`${signal}: ${error instanceof Error ? error.message : String(error)}`, EXIT_FAILED);
      },
    );
  };
  process.on('SIGINT', () => stop('SIGINT'));
  process.on('SIGTERM', () => stop('SIGTERM'));
  // Run by npm, it is stopped with npm.
  if (process.env.npm_lifecycle_event !== undefined) onParentGone(() => stop('the end of npm'));
}

function fail(text: string, code: number): never {
  process.stderr.write(`warren: ${text.replace(/^error: /, '')}\n`);
  process.exit(code);
}

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
