// The definition of a state machine as its user gives it: one way to handle events, callbacks that are functions, no
// name that is none of them (ST-1). Pure.
import { BadArgumentError, checkFunction } from '../term/index.ts';
import { checkCallbacks } from './check-callbacks.ts';

const NAMES = {
  needed: ['init'],
  optional: ['handleEvent', 'codeChange', 'terminate'],
  others: ['states', 'label', 'stateEnter'],
};

/** Throws BadArgumentError, or RangeError for an unknown name. */
export function checkStatem(given: unknown): void {
  checkCallbacks('genStatem', given, NAMES);
  const { handleEvent, states } = given as { readonly handleEvent?: unknown; readonly states?: unknown };
  if ((handleEvent === undefined) === (states === undefined))
    throw new BadArgumentError('genStatem', 'either handleEvent or states', given);
  if (states === undefined) return;
  if (typeof states !== 'object' || states === null)
    throw new BadArgumentError('genStatem', 'an object of functions as states', states);
  for (const [name, each] of Object.entries(states)) checkFunction(`genStatem: states.${name}`, each);
}
