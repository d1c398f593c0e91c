// What the users of an event manager give it: its definition, the handlers that are added, and what their callbacks
// return (EV-1). What is wrong in kind is the fault of who gave it, and must not end the manager that others share. Pure.
import { exitReasonOf } from '../process/index.ts';
import { BadArgumentError, checkName, checkOptions } from '../term/index.ts';
import { type CallbackNames, checkCallbacks } from './check-callbacks.ts';
import type { HandlerAnswer, HandlerSpec } from './gen-event.ts';
import { storeTerm } from './stored-term.ts';

const NAMES: CallbackNames = {
  needed: ['init', 'handleEvent'],
  optional: ['handleCall', 'handleInfo', 'codeChange', 'terminate'],
  others: [],
};

/** Throws BadArgumentError for a definition that is none, RangeError for a callback or an option that does not exist. */
export function checkEvent(given: unknown): void {
  checkOptions('genEvent', given as object, { label: true, handlers: true });
  const { handlers } = given as { readonly handlers?: unknown };
  if (typeof handlers !== 'object' || handlers === null)
    throw new BadArgumentError('genEvent', 'handlers by name', handlers);
  for (const [name, handler] of Object.entries(handlers)) checkCallbacks(`genEvent: ${name}`, handler, NAMES);
}

/** Throws for what does not name a handler to add, in the caller. */
export function checkHandlerSpec(operation: string, spec: HandlerSpec): void {
  checkOptions(operation, spec, { name: true, id: true, args: true });
  checkName(operation, spec.name);
  if (spec.id !== undefined) checkName(operation, spec.id);
  if (spec.args !== undefined && !Array.isArray(spec.args))
    throw new BadArgumentError(operation, 'an array of arguments', spec.args);
}

/** What a callback made of its handler. A promise, or a generator that nobody runs, is a mistake and no state. */
export function stateOf<T>(state: T): T {
  const { next } = (typeof state === 'object' && state !== null ? state : {}) as { readonly next?: unknown };
  if (!(state instanceof Promise) && typeof next !== 'function') return state;
  if (state instanceof Promise) state.catch(() => {});
  throw new BadArgumentError('a handler', 'callbacks that are plain functions', state);
}

/** An answer that can be sent. */
export function answerOf(answer: HandlerAnswer): HandlerAnswer {
  if (!answer.ok) return answer;
  try {
    return { ok: true, value: storeTerm(answer.value).value };
  } catch (error) {
    return { ok: false, error: exitReasonOf(error) };
  }
}
