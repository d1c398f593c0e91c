// A lost update, found by somebody who knows fast-check: clerks read a balance, add to it and write it back. Each starts
// a millisecond after the one before, so in plain order nothing is lost. Input and schedule shrink together.
// prints: Counterexample: [schedule s1.
// prints: ,[1,1]]
// prints: a deposit is lost: 1, not 2
// prints: schedule: FIFO, but
// prints: |<--------o         |      {"from":"root/1","write":1}
import fc from 'fast-check';
import { type Context, type Pid, receive, sleep } from '../src/index.ts';
import { schedules, simulate } from '../src/testing.ts';

type AccountMessage = { from: Pid<number>; write?: number };

/** Answers with the balance; `write` sets it first. */
function account(balance: number, { from, write = balance }: AccountMessage, context: Context<never>): number {
  context.send(from, write);
  return write;
}

function* clerk(context: Context<number>, shared: Pid<AccountMessage>, amount: number, startMs: number) {
  yield* sleep(startMs);
  context.send(shared, { from: context.self });
  const balance = yield* receive<number>();
  context.send(shared, { from: context.self, write: balance + amount });
  yield* receive<number>();
}

function* deposits(context: Context<unknown>, amounts: readonly number[]) {
  const shared = context.spawn({ label: 'account', handle: account }, [0]);
  for (const [index, amount] of amounts.entries()) context.spawnMonitor(clerk, [shared, amount, index + 1]);
  for (const _ of amounts) yield* receive();
  context.send(shared, { from: context.self as Pid<number> });
  const balance = yield* receive<number>();
  const sum = amounts.reduce((total, amount) => total + amount, 0);
  if (balance !== sum) throw new Error(`a deposit is lost: ${balance}, not ${sum}`);
}

const property = fc.property(schedules(), fc.array(fc.integer({ min: 1, max: 100 })), (tape, amounts) => {
  simulate({ tape }, (context) => deposits(context, amounts)).value;
});
const found = fc.check(property, { numRuns: 2_000, includeErrorInReport: true });
console.log(fc.defaultReportMessage(found));
