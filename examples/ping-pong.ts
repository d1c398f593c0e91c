// Two processes and a typed mailbox each: one asks, one answers, and the compiler checks what they may say.
// prints: pong 3
import { type Context, type Pid, receive, startSystem } from '../src/index.ts';

interface Ping {
  readonly from: Pid<Pong>;
  readonly round: number;
}
interface Pong {
  readonly round: number;
}

function* answerer(context: Context<Ping>) {
  for (;;) {
    const { from, round } = yield* receive<Ping>();
    context.send(from, { round });
  }
}

function* asker(context: Context<Pong>, to: Pid<Ping>) {
  for (let round = 1; round <= 3; round++) {
    context.send(to, { from: context.self, round });
    const pong = yield* receive<Pong>();
    console.log('pong', pong.round);
  }
}

await using system = await startSystem();
await system.run(function* (context) {
  const to = context.spawn(answerer);
  const { ref } = context.spawnMonitor(asker, [to]);
  // A normal end is news as well: the monitor says when the asker is done.
  yield* receive((message) => (message as { ref?: unknown }).ref === ref);
});
