// A race found and shrunk. Two clerks read a balance, add 10 and write it back; the second one starts a millisecond
// later, so on most days nothing goes wrong. The search finds the day on which a deposit is lost.
// prints: shrunk to 1
// prints: the body ended: Error: a deposit is lost: 110
// prints: time jumps to the next timer
// prints: replayed: the same run
import { type Context, type Pid, receive, sleep } from '../src/index.ts';
import { findFailure, replay } from '../src/testing.ts';

type AccountMessage = { tag: 'read'; from: Pid<number> } | { tag: 'write'; balance: number };

const account = {
  label: 'account',
  handle(balance: number, message: AccountMessage, context: Context<AccountMessage>): number {
    if (message.tag === 'write') return message.balance;
    context.send(message.from, balance);
    return balance;
  },
};

function* clerk(context: Context<number>, shared: Pid<AccountMessage>, startMs: number) {
  yield* sleep(startMs);
  context.send(shared, { tag: 'read', from: context.self });
  const balance = yield* receive<number>();
  context.send(shared, { tag: 'write', balance: balance + 10 });
}

function* twoDeposits(context: Context<unknown>) {
  const shared = context.spawn(account, [100]);
  for (const startMs of [0, 1]) context.spawnMonitor(clerk, [shared, startMs]);
  yield* receive();
  yield* receive();
  context.send(shared, { tag: 'read', from: context.self });
  const balance = yield* receive<number>();
  if (balance !== 120) throw new Error(`a deposit is lost: ${balance}`);
}

const found = findFailure({ schedules: 10_000 }, twoDeposits);
if (found === null) throw new Error('the race was not found');
console.log(
  `found by schedule ${found.tried}: ${found.firstDeviations} deviations, shrunk to ${found.result.words.length}`,
);
console.log(found.result.describe());

const again = replay(found.result.token, twoDeposits);
console.log(`replayed: ${again.hash === found.result.hash ? 'the same run' : 'a different run'}`);
