// The log lines of refused logins (reliability 2.e): a line is written before its thread goes on, so a flood of bad logins
// gets so many lines and no more. Those that were left out are counted, and the next line says how many.
import type { Logger, Metrics } from '../../env/index.ts';

/** Lines in one period, of each thread. */
export const LINES_MAX = 20;
/** How long a period is, ms. */
export const PERIOD_MS = 1_000;

interface Tools {
  readonly env: { readonly logger: Logger; readonly metrics: Metrics };
  now(): number;
}

export class RefusalLog {
  private sinceMs = Number.NEGATIVE_INFINITY;
  private lines = 0;
  private leftOut = 0;

  /** Writes a line, or counts it. */
  tell(tools: Tools, event: string, data: Readonly<Record<string, unknown>>): void {
    const { logger, metrics } = tools.env;
    metrics.count('logins.refused');
    const nowMs = tools.now();
    if (nowMs - this.sinceMs >= PERIOD_MS) {
      this.sinceMs = nowMs;
      this.lines = 0;
    }
    if (++this.lines > LINES_MAX) {
      this.leftOut++;
      metrics.count('logins.refusedUnlogged');
      return;
    }
    const { leftOut } = this;
    this.leftOut = 0;
    logger.log('warning', event, leftOut === 0 ? data : { ...data, leftOut });
  }
}
