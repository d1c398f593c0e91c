// What the types of the runtime's library know: results of tasks by their work, values of Go channels, what a select has
// done by its case. The compiler is the judge (`npm run check`): an unused @ts-expect-error is an error.
import { describe, expectTypeOf, it } from 'vitest';
import {
  asyncStream,
  asyncTask,
  awaitTask,
  type CallOutcome,
  collect,
  type GoChannel,
  goChannel,
  onReceive,
  onSend,
  type PendingCall,
  partitions,
  type Received,
  type Request,
  RequestIds,
  range,
  receiveFrom,
  type ServerPid,
  type StreamOutcome,
  select,
  sendTo,
  type TaskOutcome,
  task,
  waitResponse,
  whereisPartition,
  yieldTask,
} from '../../src/behaviours/index.ts';
import { type AsyncContext, type Context, type Effects, sleep, type Timeout } from '../../src/process/index.ts';

const half = task(function* (_context, value: number): Effects<string> {
  yield* sleep(1);
  return String(value / 2);
});

type CounterPid = ServerPid<Request<'get', number>>;

/** Never run: only compiled. */
function* types(context: Context, foreign: AsyncContext, numbers: GoChannel<number>): Effects<void> {
  expectTypeOf(yield* awaitTask(asyncTask(context, half, [1]))).toEqualTypeOf<string>();
  expectTypeOf(yield* awaitTask(asyncTask(foreign, () => 1))).toEqualTypeOf<number>();
  expectTypeOf(
    yield* awaitTask(asyncTask(context, async (_inner, text: string) => text, ['x'])),
  ).toEqualTypeOf<string>();
  expectTypeOf(yield* yieldTask(asyncTask(context, half, [1]))).toEqualTypeOf<TaskOutcome<string> | undefined>();
  const mfa = { module: import.meta.url, export: 'half' };
  expectTypeOf(yield* awaitTask(asyncTask<boolean>(context, mfa, [1]))).toEqualTypeOf<boolean>();
  expectTypeOf(yield* collect(asyncStream([1, 2], (_inner, n) => n > 1))).toEqualTypeOf<
    StreamOutcome<number, boolean>[]
  >();
  // @ts-expect-error the work takes a number
  asyncTask(context, half, ['1']);

  expectTypeOf(goChannel<string>(context)).toEqualTypeOf<GoChannel<string>>();
  expectTypeOf(yield* receiveFrom(numbers)).toEqualTypeOf<Received<number>>();
  expectTypeOf(range(numbers).value).toEqualTypeOf<number>();
  // @ts-expect-error a Go channel of numbers
  yield* sendTo(numbers, 'text');
  // @ts-expect-error a Go channel of numbers
  onSend(numbers, 'text');

  const picked = yield* select({ n: onReceive(numbers), s: onSend(numbers, 1), none: null }, { timeoutMs: 1 });
  if (picked.tag === 'received') expectTypeOf(picked.value).toEqualTypeOf<number>();
  if (picked.tag === 'sent') expectTypeOf(picked.case).toEqualTypeOf<'s'>();
  if (picked.tag === 'timeout') expectTypeOf(picked.case).toEqualTypeOf<null>();

  const pending = null as unknown as PendingCall<number>;
  expectTypeOf(yield* waitResponse(pending, 1)).toEqualTypeOf<CallOutcome<number> | Timeout>();
  const ids = new RequestIds<number, string>();
  ids.add(pending, 'label');
  // @ts-expect-error the labels are texts
  ids.add(pending, 1);
  expectTypeOf(whereisPartition(context, partitions<CounterPid>('p', 2), 1)).toEqualTypeOf<CounterPid | undefined>();
}

describe('types of the library', () => {
  it('compile', () => {
    expectTypeOf(types).toBeFunction();
  });
});
