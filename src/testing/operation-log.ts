// What concurrent clients of a test have called and got, in the order in which it happened: a history for
// `checkLinearizable`.
import type { Effects } from '../process/index.ts';
import { checkLinearizable, type Operation, type SequentialModel, type Verdict } from './linearizability.ts';

/** Thrown by {@link OperationLog.check}. */
export class NotLinearizableError extends Error {
  override readonly name = 'NotLinearizableError';
}

/** Collects operations; one for each run. Its clock counts calls and returns. */
export class OperationLog<I, O> {
  private readonly operations: { -readonly [K in keyof Operation<I, O>]: Operation<I, O>[K] }[] = [];
  private clock = 0;

  /** Runs `effects` as one operation of `client` and returns what they return. One that throws stays open. */
  *call(client: string, input: I, effects: Effects<O>): Effects<O> {
    const end = this.begin(client, input);
    const output = yield* effects;
    end(output);
    return output;
  }

  /** Notes a call; the function that is returned notes its return. */
  begin(client: string, input: I): (output: O) => void {
    const operation = {
      client,
      input,
      output: undefined as O,
      calledAt: ++this.clock,
      returnedAt: Number.POSITIVE_INFINITY,
    };
    this.operations.push(operation);
    return (output) => {
      operation.output = output;
      operation.returnedAt = ++this.clock;
    };
  }

  get history(): readonly Operation<I, O>[] {
    return this.operations;
  }

  /** Throws {@link NotLinearizableError} unless the model explains the history. */
  check<S>(model: SequentialModel<S, I, O>): Verdict<I, O> {
    const verdict = checkLinearizable(this.operations, model);
    if (verdict.outcome === 'linearizable') return verdict;
    throw new NotLinearizableError(verdict.describe());
  }
}
