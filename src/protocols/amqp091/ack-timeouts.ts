// How long deliveries may stay unacknowledged (digest 7, "Ack timeout"): looked at now and then while there are any, as
// RabbitMQ does; a delivery that is overdue closes its channel. A queue's x-consumer-timeout, and the consumer-timeout of its
// policy (features 1.5), go before the default; of both the shorter one holds.
import { type FieldTable, integerOf } from '../../broker/index.ts';
import type { Context } from '../../process/index.ts';
import type { Ref } from '../../term/index.ts';

/** Longest time between two looks. */
const TICK_MS_MAX = 60_000;

/** The timeout for deliveries of a queue in ms, by its effective arguments; Infinity for none. */
export function ackTimeoutOf(args: FieldTable, defaultMs: number): number {
  return integerOf(args.get('x-consumer-timeout')) ?? defaultMs;
}

export class AckTimeouts {
  private readonly context: Pick<Context, 'now' | 'startTimer' | 'cancelTimer' | 'self'>;
  private timer: Ref | null = null;
  private tickMs = Number.POSITIVE_INFINITY;

  constructor(context: AckTimeouts['context']) {
    this.context = context;
  }

  /** A delivery with that timeout is outstanding from now on. */
  watch(timeoutMs: number): void {
    const tickMs = Math.min(timeoutMs / 2, TICK_MS_MAX);
    if (timeoutMs === Number.POSITIVE_INFINITY || (this.timer !== null && tickMs >= this.tickMs)) return;
    if (this.timer !== null) this.context.cancelTimer(this.timer);
    this.tickMs = tickMs;
    this.timer = this.context.startTimer(tickMs, this.context.self, 'acknowledgements');
  }

  /** Whether a timer that fired is the one of a look. Deliveries that stay outstanding have to be watched again. */
  isLook(ref: Ref): boolean {
    if (ref !== this.timer) return false;
    this.timer = null;
    this.tickMs = Number.POSITIVE_INFINITY;
    return true;
  }
}
