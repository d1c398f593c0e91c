// The events of one state machine in the order in which it sees them: inserted ones, then postponed ones after a state
// change, then timeouts of zero, then what comes from outside. ST-2, ST-3, ST-5. Pure: timers are the owner's.
import type { AnyStatemEvent, TimeoutKey } from './statem-results.ts';

/** The event that a timeout becomes. */
export function timeoutEvent(key: TimeoutKey, content: unknown): AnyStatemEvent {
  if (key === 'state') return { type: 'stateTimeout', content };
  if (key === 'event') return { type: 'eventTimeout', content };
  return { type: 'timeout', name: key.slice('name:'.length), content };
}

export class StatemQueue {
  /** The next one last, so that putting events before all others costs nothing for those that wait. */
  private readonly pending: AnyStatemEvent[] = [];
  private postponed: AnyStatemEvent[] = [];
  private zeros: { readonly key: TimeoutKey; readonly content: unknown }[] = [];

  /** Keeps an event until the state changes. */
  postpone(event: AnyStatemEvent): void {
    this.postponed.push(event);
  }

  /** Puts events before all others, in their order. */
  insert(events: readonly AnyStatemEvent[]): void {
    for (let index = events.length - 1; index >= 0; index--) this.pending.push(events[index]);
  }

  /** The state has changed: what was postponed comes again, oldest first, before what waits. */
  retry(): void {
    if (this.postponed.length === 0) return;
    this.insert(this.postponed);
    this.postponed = [];
  }

  /** A timeout of no time: it comes when nothing that was inserted is left. */
  addZero(key: TimeoutKey, content: unknown): void {
    this.zeros.push({ key, content });
  }

  /** Other content for one that waits; false where none does. */
  updateZero(key: TimeoutKey, content: unknown): boolean {
    const at = this.zeros.findIndex((zero) => zero.key === key);
    if (at >= 0) this.zeros[at] = { key, content };
    return at >= 0;
  }

  cancelZero(key: TimeoutKey): void {
    if (this.zeros.length > 0) this.zeros = this.zeros.filter((zero) => zero.key !== key);
  }

  /** The next event that does not come from outside, or null. */
  take(): AnyStatemEvent | null {
    const next = this.pending.pop();
    if (next !== undefined) return next;
    if (this.zeros.length === 0) return null;
    const [zero] = this.zeros.splice(0, 1);
    return timeoutEvent(zero.key, zero.content);
  }
}
