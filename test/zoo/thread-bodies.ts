// Process bodies for simulated threads: they cross as module and export.
import { type Context, receive } from '../../src/process/index.ts';

/** Ends with that reason. */
export function ends(context: Context<unknown>, reason: unknown): void {
  context.exit(reason);
}

/** Lives on. */
export function* stays() {
  yield* receive((message) => message === 'never');
}
