// Is a concurrent history explained by some order of its operations? The algorithm of Wing and Gong with Lowe's memory of
// what was tried: each operation takes effect at one moment between its call and its return. For small histories: the
// worst case is exponential, and a bound says so instead of running for ever.
import { stringify } from 'fast-check';
import { BadArgumentError, checkFunction, formatReason } from '../term/index.ts';

/** One operation of a history. Times are any numbers that grow; equal times count as concurrent. */
export interface Operation<I, O> {
  /** Who called; its operations do not overlap. For people. */
  readonly client: string;
  readonly input: I;
  /** What came back; of no meaning while the operation is open. */
  readonly output: O;
  readonly calledAt: number;
  /** Infinity for an operation that never returned: it may have taken effect at any time since, or not at all. */
  readonly returnedAt: number;
}

/** What the object should be, one operation after the other. */
export interface SequentialModel<S, I, O> {
  readonly initial: S;
  /** The next state and what comes back. Must not change the state it is given. */
  apply(state: S, input: I): readonly [next: S, output: O];
  /** Whether what came back is what the model says. Default: equal in all their parts, Maps, Sets and NaN too. */
  accepts?(expected: O, actual: O): boolean;
  /** The state as text, equal for equal states. Default: all its parts, in their order. */
  keyOf?(state: S): string;
}

export interface Verdict<I, O> {
  /** `unknown` when the bound of steps was reached. */
  readonly outcome: 'linearizable' | 'not linearizable' | 'unknown';
  /** An order that explains the history, or the longest beginning of one that was found. */
  readonly order: readonly Operation<I, O>[];
  /** Operations that returned and for which no place was found behind `order`. */
  readonly stuck: readonly Operation<I, O>[];
  readonly steps: number;
  describe(): string;
}

const STEPS_MAX = 1_000_000;

/** Judges a history. `stepsMax`, default 1,000,000, bounds the search. Throws BadArgumentError for what is no history or model. */
export function checkLinearizable<S, I, O>(
  history: readonly Operation<I, O>[],
  model: SequentialModel<S, I, O>,
  stepsMax: number = STEPS_MAX,
): Verdict<I, O> {
  if (!Array.isArray(history)) throw new BadArgumentError('checkLinearizable', 'an array of operations', history);
  checkFunction("checkLinearizable: the model's apply", (model as Partial<typeof model> | null)?.apply);
  const operations = history.toSorted((a, b) => a.calledAt - b.calledAt);
  const accepts = model.accepts ?? ((expected: O, actual: O) => stringify(expected) === stringify(actual));
  const keyOf = model.keyOf ?? ((state: S) => stringify(state));
  const mustReturn = operations.filter(({ returnedAt }) => returnedAt !== Number.POSITIVE_INFINITY).length;
  const isPlaced = operations.map(() => false);
  const seen = new Set<string>();
  const order: number[] = [];
  let longest: readonly number[] = [];
  let steps = 0;

  const search = (state: S, returned: number): boolean => {
    if (returned === mustReturn) return true;
    const limit = firstReturn(operations, isPlaced);
    for (const [index, operation] of operations.entries()) {
      // Whoever was called after another one's return cannot come before it.
      if (operation.calledAt > limit) break;
      if (isPlaced[index]) continue;
      if (++steps > stepsMax) return false;
      const isOpen = operation.returnedAt === Number.POSITIVE_INFINITY;
      const [next, output] = model.apply(state, operation.input);
      if (!isOpen && !accepts(output, operation.output)) continue;
      isPlaced[index] = true;
      order.push(index);
      const key = `${order.toSorted((a, b) => a - b).join()} ${keyOf(next)}`;
      const isNew = !seen.has(key);
      seen.add(key);
      if (order.length > longest.length) longest = [...order];
      if (isNew && search(next, isOpen ? returned : returned + 1)) return true;
      order.pop();
      isPlaced[index] = false;
    }
    return false;
  };

  const isFound = search(model.initial, 0);
  const outcome = isFound ? 'linearizable' : steps > stepsMax ? 'unknown' : 'not linearizable';
  const best = (isFound ? order : longest).map((index) => operations[index]);
  const stuck = isFound
    ? []
    : operations.filter((each) => !best.includes(each) && each.returnedAt < Number.POSITIVE_INFINITY);
  return { outcome, order: best, stuck, steps, describe: () => describeVerdict(outcome, best, stuck, steps) };
}

/** The earliest return of what has no place yet. */
function firstReturn<I, O>(operations: readonly Operation<I, O>[], isPlaced: readonly boolean[]): number {
  let first = Number.POSITIVE_INFINITY;
  for (const [index, { returnedAt }] of operations.entries()) {
    if (!isPlaced[index] && returnedAt < first) first = returnedAt;
  }
  return first;
}

function describeVerdict<I, O>(
  outcome: Verdict<I, O>['outcome'],
  order: readonly Operation<I, O>[],
  stuck: readonly Operation<I, O>[],
  steps: number,
): string {
  const lines = [`the history is ${outcome === 'unknown' ? `too large to judge in ${steps} steps` : outcome}`];
  if (outcome === 'linearizable') return lines[0];
  lines.push(
    '  this far it is explained:',
    ...order.map(line),
    '  and none of these can come next:',
    ...stuck.map(line),
  );
  return lines.join('\n');
}

function line<I, O>({ client, input, output, calledAt, returnedAt }: Operation<I, O>): string {
  const answer = returnedAt === Number.POSITIVE_INFINITY ? 'never returned' : `returned ${formatReason(output)}`;
  return `    ${client} called ${formatReason(input)} at ${calledAt}, ${answer}${returnedAt === Number.POSITIVE_INFINITY ? '' : ` at ${returnedAt}`}`;
}
