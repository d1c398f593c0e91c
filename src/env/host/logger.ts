// Structured logging through pino, or nothing at all.
import { pino } from 'pino';
import type { Logger, LogLevel } from '../index.ts';

const PINO_LEVEL = { debug: 'debug', info: 'info', warning: 'warn', error: 'error' } as const;

/** A logger that writes JSON lines to standard error. `silent` writes nothing. */
export function pinoLogger(level: LogLevel | 'silent'): Logger {
  if (level === 'silent') return silentLogger;
  const logger = pino({ level: PINO_LEVEL[level], base: null }, pino.destination({ dest: 2, sync: true }));
  return { log: (at, event, data) => logger[PINO_LEVEL[at]](data ?? {}, event) };
}

export const silentLogger: Logger = { log: () => {} };
