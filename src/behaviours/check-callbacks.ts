// The callbacks of a behaviour as its user defines them: each is a function and none is misspelt, because one that nobody
// calls would be missed only when it is needed (a `terminate` that never cleans up). Pure.
import { checkFunction, checkOptions } from '../term/index.ts';

/** The names of a behaviour's callbacks and of what else may stand beside them. */
export interface CallbackNames {
  readonly needed: readonly string[];
  readonly optional: readonly string[];
  readonly others: readonly string[];
}

/** Throws BadArgumentError for a callback that is no function, RangeError for a name that is none of them. */
export function checkCallbacks(operation: string, given: unknown, { needed, optional, others }: CallbackNames): void {
  const callbacks = given as Readonly<Record<string, unknown>> | null | undefined;
  for (const name of needed) checkFunction(`${operation}: ${name}`, callbacks?.[name]);
  const known = [...needed, ...optional, ...others].map((name) => [name, true]);
  checkOptions(operation, callbacks as object, Object.fromEntries(known));
  for (const name of optional)
    if (callbacks?.[name] !== undefined) checkFunction(`${operation}: ${name}`, callbacks[name]);
}
