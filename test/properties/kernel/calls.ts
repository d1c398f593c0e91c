// ALI-2, GS-3, GS-4: a call ends with its reply, its server's death or its time, and leaves nothing in the mailbox of the
// caller, however late the reply is and wherever the caller's slice ends.
import fc from 'fast-check';
import {
  type CallOutcome,
  genServer,
  noReply,
  ok,
  type Request,
  replyTo,
  stop,
  tryCall,
} from '../../../src/behaviours/index.ts';
import { type Context, type Effects, isDown, receive, TIMEOUT } from '../../../src/process/index.ts';
import type { Pid } from '../../../src/term/index.ts';
import type { Property } from '../check.ts';

interface Ask {
  /** How long the server takes; below 0 it dies instead. */
  readonly takesMs: number;
  readonly timeoutMs: number;
}

type Work = Request<{ readonly n: number; readonly takesMs: number }, number>;

export const worker = genServer<null, [], Work>({
  init: () => ok(null),
  handleCall({ n, takesMs }, from, state, context) {
    if (takesMs < 0) return stop('weary', state);
    if (takesMs === 0) replyTo(context, from, n);
    else context.spawn(late, [from, n, takesMs]);
    return noReply(state);
  },
});

function* late(context: Context<unknown>, from: Parameters<typeof replyTo>[1], n: number, ms: number): Effects<void> {
  yield* receive((): boolean => false, { afterMs: ms });
  replyTo(context, from, n);
}

type Caller = (server: Pid<never>, n: number, ask: Ask) => Effects<CallOutcome<unknown>>;

export const real: Caller = (server, n, { takesMs, timeoutMs }) => tryCall(server, { n, takesMs } as never, timeoutMs);

/** As `tryCall` once was: it gives up without looking whether the reply has just come. */
export function* hasty(server: Pid<never>, n: number, { takesMs, timeoutMs }: Ask): Effects<CallOutcome<unknown>> {
  const context = (yield { op: 'context' }) as Context;
  const ref = context.monitor(server, { alias: 'replyDemonitor' });
  const from = { alias: ref, caller: context.self };
  context.send(server as Pid<unknown>, { tag: '$call', from, request: { n, takesMs } });
  type Answer = { readonly ref?: unknown; readonly tag: string; readonly value?: unknown };
  const answer = yield* receive((message): message is Answer => (message as Answer).ref === ref, {
    afterMs: timeoutMs,
  });
  if (answer !== TIMEOUT)
    return answer.tag === 'DOWN' ? { ok: false, error: 'weary' } : { ok: true, value: answer.value };
  const again = (yield { op: 'context' }) as Context;
  again.demonitor(ref, { flush: true });
  return { ok: false, error: 'timeout' };
}

export const calls = (caller: Caller): Property<readonly Ask[]> => ({
  programs: fc.array(fc.record({ takesMs: fc.integer({ min: -1, max: 3 }), timeoutMs: fc.nat(3) }), { maxLength: 5 }),
  body: (asks) =>
    function* root(context) {
      for (const [n, ask] of asks.entries()) {
        const { pid, ref } = context.spawnMonitor(worker, []);
        const outcome = yield* caller(pid as Pid<never>, n, ask);
        if (outcome.ok && (outcome.value !== n || ask.takesMs < 0))
          throw new Error(`${n} was answered ${outcome.value}`);
        if (!outcome.ok && outcome.error !== 'timeout' && ask.takesMs >= 0) throw new Error(`${n}: ${outcome.error}`);
        if (ask.takesMs >= 0) context.exit(pid, 'kill');
        yield* receive((message) => isDown(message, ref));
        const left = yield* receive(null, { afterMs: 100 });
        if (left !== TIMEOUT) throw new Error(`${n} left ${JSON.stringify(left)}`);
      }
    },
});
