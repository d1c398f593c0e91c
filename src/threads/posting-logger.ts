// The logger of a data thread: lines are posted to the control thread, which owns the log (DESIGN decision 6).
import type { Logger } from '../env/index.ts';
import type { ToControl } from './messages.ts';

/** A logger that posts each line; data that cannot cross threads is written as text. */
export function postingLogger(post: (message: ToControl) => void): Logger {
  return {
    log: (level, event, data = {}) => {
      try {
        post({ tag: 'log', level, event, data });
      } catch {
        // A line with a function in it is still worth reading.
        const text = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, String(value)]));
        post({ tag: 'log', level, event, data: text });
      }
    },
  };
}
