// Starting a system with the host's own clock, sockets and threads: the default wiring of the front door.
import { hostDisk, hostNet, pinoLogger } from './env/host/index.ts';
import type { Logger, LogLevel, Net } from './env/index.ts';
import {
  DEFAULT_LIMITS,
  NoThreadError,
  NotSpawnableError,
  type SchedulerLimits,
  SystemLimitError,
} from './scheduler/index.ts';
import { System, startSingleThread } from './system/index.ts';
import { checkOptions, describe } from './term/index.ts';
import { checkNoWorker, type PlacementPolicy, startThreads, type ThreadsOptions } from './threads/index.ts';

export {
  DEFAULT_LIMITS,
  NoThreadError,
  NotSpawnableError,
  type PlacementPolicy,
  type SchedulerLimits,
  SystemLimitError,
};

export interface SystemOptions {
  /** Data threads beside the calling one. Default 0: everything runs on the calling thread. */
  readonly threads?: number;
  /** Checks and freezes every message (default: unless NODE_ENV is `production`). */
  readonly strict?: boolean;
  /** A logger, or the lowest level that is written to standard error. Default `warning`. */
  readonly logger?: Logger | LogLevel | 'silent';
  /** A handler that runs longer than this costs its data thread its life. Default 10,000 ms. */
  readonly watchdogMs?: number;
  readonly limits?: Partial<SchedulerLimits>;
  /** How the placement `any` chooses a data thread. Default `leastLoaded`. */
  readonly placement?: PlacementPolicy;
  /** Idle workers, about 25 MB each, that are ready to take the place of a dead data thread. Default 1. */
  readonly spareWorkers?: number;
  /** Workers of the offload pool beside the data threads. Default: cores - 1, at least 1. */
  readonly offloadWorkers?: number;
  /** Bytes of the ring from each thread to each other, a power of two. Default 256 KiB. */
  readonly ringBytes?: number;
  readonly net?: Net;
  /**
   * Directory of the files that processes of the control thread reach as `context.env.disk`; it is not made, nor locked.
   * Default: none, and the operations of that disk fail with ENODISK.
   */
  readonly dataDir?: string;
}

const OPTIONS: Readonly<Record<keyof SystemOptions, true>> = {
  threads: true,
  strict: true,
  logger: true,
  watchdogMs: true,
  limits: true,
  placement: true,
  spareWorkers: true,
  offloadWorkers: true,
  ringBytes: true,
  net: true,
  dataDir: true,
};

/**
 * Starts a system. Throws RangeError for an option out of range or one that does not exist, and Error on a data thread of
 * another system. Stop it with `stop()` or `await using`.
 */
export async function startSystem(options: SystemOptions = {}): Promise<System> {
  checkNoWorker();
  checkOptions('startSystem', options, OPTIONS);
  const { threads = 0, logger = 'warning', limits, dataDir } = options;
  if (!Number.isInteger(threads) || threads < 0) {
    throw new RangeError(`threads must be an integer from 0 to 254, got ${threads}`);
  }
  checkLimits(limits);
  checkKinds(options);
  const ofThreads = threadOptions(options);
  const common = {
    logger: loggerOf(logger),
    strict: options.strict ?? process.env.NODE_ENV !== 'production',
    net: options.net ?? hostNet,
    ...(limits === undefined ? {} : { limits }),
    ...(dataDir === undefined ? {} : { disk: hostDisk(dataDir) }),
  };
  if (threads === 0) return new System(startSingleThread(common));
  return new System(await startThreads({ ...common, ...ofThreads, threads }));
}

/** The options that concern data threads, as far as they are given; checked also where there are none. */
function threadOptions(options: SystemOptions) {
  const { watchdogMs, placement, spareWorkers, offloadWorkers, ringBytes } = options;
  if (placement !== undefined && placement !== 'leastLoaded' && placement !== 'roundRobin')
    throw new RangeError(`placement must be 'leastLoaded' or 'roundRobin', got ${placement}`);
  for (const [name, count, least] of [
    ['spareWorkers', spareWorkers, 0],
    ['offloadWorkers', offloadWorkers, 1],
  ] as const) {
    if (count !== undefined && !(Number.isInteger(count) && count >= least))
      throw new RangeError(`${name} must be an integer from ${least}, got ${count}`);
  }
  const given = { watchdogMs, placement, spareWorkers, offloadWorkers, ringBytes };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<
    Pick<ThreadsOptions, keyof typeof given>
  >;
}

/** Options that nothing would look at before they are used. */
function checkKinds({ strict, net, dataDir, watchdogMs, ringBytes }: SystemOptions): void {
  if (strict !== undefined && typeof strict !== 'boolean')
    throw new RangeError(`strict must be true or false, got ${describe(strict)}`);
  if (net !== undefined && (typeof net !== 'object' || net === null))
    throw new RangeError(`net must be an object, got ${describe(net)}`);
  if (dataDir !== undefined && (typeof dataDir !== 'string' || dataDir === ''))
    throw new RangeError(`dataDir must be a directory, got ${describe(dataDir)}`);
  for (const [name, count] of Object.entries({ watchdogMs, ringBytes })) {
    if (count !== undefined && typeof count !== 'number')
      throw new RangeError(`${name} must be a number, got ${describe(count)}`);
  }
}

const LEVELS: readonly unknown[] = ['debug', 'info', 'warning', 'error', 'silent'];

function loggerOf(logger: Logger | LogLevel | 'silent'): Logger {
  if (typeof logger === 'string' && LEVELS.includes(logger)) return pinoLogger(logger);
  if (typeof (logger as Partial<Logger> | null)?.log !== 'function') {
    throw new RangeError(`logger must be an object with \`log\`, or one of ${LEVELS.join(', ')}`);
  }
  return unfailing(logger as Logger);
}

/** A logger that throws would end the process that it reports on, or the host; what it could not write is lost. */
function unfailing(logger: Logger): Logger {
  return {
    log: (level, event, data) => {
      try {
        logger.log(level, event, data);
      } catch {
        // There is nobody to tell.
      }
    },
  };
}

/** A slice without reductions or time would never do anything, and its scheduler would be busy with it for ever. */
function checkLimits(limits: Partial<SchedulerLimits> = {}): void {
  if (typeof limits !== 'object' || limits === null)
    throw new RangeError(`limits must be an object, got ${describe(limits)}`);
  for (const [name, value] of Object.entries(limits)) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) throw new RangeError(`there is no limit '${name}'`);
    if (typeof value !== 'number' || !(value > 0))
      throw new RangeError(`the limit ${name} must be above 0, got ${value}`);
  }
}
