// Starting a system with the host's own clock, sockets and threads: the default wiring of the front door.
import { hostNet, pinoLogger } from './env/host/index.ts';
import type { Logger, LogLevel, Net } from './env/index.ts';
import type { SchedulerLimits } from './scheduler/index.ts';
import { System, startSingleThread } from './system/index.ts';
import { startThreads } from './threads/index.ts';

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
  readonly net?: Net;
}

/** Starts a system. Throws RangeError for an option out of range. Stop it with `stop()` or `await using`. */
export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const { threads = 0, logger = 'warning', watchdogMs, limits } = options;
  if (!Number.isInteger(threads) || threads < 0) {
    throw new RangeError(`threads must be an integer from 0 to 254, got ${threads}`);
  }
  const common = {
    logger: typeof logger === 'string' ? pinoLogger(logger) : logger,
    strict: options.strict ?? process.env.NODE_ENV !== 'production',
    net: options.net ?? hostNet,
    ...(limits === undefined ? {} : { limits }),
  };
  if (threads === 0) return new System(startSingleThread(common));
  return new System(await startThreads({ ...common, threads, ...(watchdogMs === undefined ? {} : { watchdogMs }) }));
}
