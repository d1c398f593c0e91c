// A connection that has published while memory or disk are short (B19): it reads nothing more until that is over, and a
// client that has asked for it is told when it begins and when it ends.
import { alarmReason, isAlarmed } from '../../broker/index.ts';
import type { Context } from '../../process/index.ts';
import type { ConnectionOutput } from './connection-output.ts';
import { ALARM_LOOK_MS } from './limits.ts';

/** The message of the timer that looks again. */
export const ALARMS = 'alarms';

/** The wait of one connection for the end of alarms. */
export class AlarmWait {
  /** It published under an alarm: nothing more is read until that is over. */
  isBlocking = false;
  private readonly context: Pick<Context, 'env' | 'self' | 'startTimer'>;
  private readonly output: Pick<ConnectionOutput, 'method'>;

  constructor(context: Pick<Context, 'env' | 'self' | 'startTimer'>, output: Pick<ConnectionOutput, 'method'>) {
    this.context = context;
    this.output = output;
  }

  /** Begins to wait if there is an alarm. */
  look(isTold: boolean): void {
    const { words } = this.context.env;
    if (this.isBlocking || !isAlarmed(words)) return;
    this.isBlocking = true;
    if (isTold) this.output.method(0, { name: 'connection.blocked', reason: alarmReason(words) });
    this.lookLater();
  }

  /** True when it has just ended; looks again later when not. */
  isOver(isTold: boolean): boolean {
    if (!this.isBlocking) return false;
    if (isAlarmed(this.context.env.words)) {
      this.lookLater();
      return false;
    }
    this.isBlocking = false;
    if (isTold) this.output.method(0, { name: 'connection.unblocked' });
    return true;
  }

  /** Waits no longer, whatever the alarms are. */
  end(): void {
    this.isBlocking = false;
  }

  private lookLater(): void {
    this.context.startTimer(ALARM_LOOK_MS, this.context.self, ALARMS);
  }
}
