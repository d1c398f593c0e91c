// A gen-server that does what its arguments and its requests say, and tells its observer what it lives through.
import {
  type From,
  fail,
  genServer,
  type IdleTimeout,
  ignore,
  noReply,
  ok,
  type Request,
  reply,
  replyTo,
  type ServerPid,
  stop,
} from '../../src/behaviours/index.ts';
import { receive, type SystemMessage, sleep } from '../../src/process/index.ts';
import type { Mfa, Pid } from '../../src/term/index.ts';

/** How the server behaves where no request can say it. */
export interface How {
  readonly traps?: boolean;
  readonly init?: 'ok' | 'ignore' | 'fail' | 'stop' | 'throw' | 'hang' | 'bad';
  readonly initMs?: number;
  readonly reason?: unknown;
  /** Sends itself a message in `init`, then continues with this. */
  readonly continueWith?: unknown;
  readonly terminate?: 'throw';
}

export type TestCall =
  | Request<{ readonly do: 'echo'; readonly value: unknown }, unknown>
  | Request<{ readonly do: 'seen' }, readonly unknown[]>
  /** Answered by the cast `release`, or never. */
  | Request<{ readonly do: 'keep' }, unknown>
  | Request<{ readonly do: 'work'; readonly ms: number; readonly value: unknown }, unknown>
  | Request<{ readonly do: 'twice' }, unknown>
  | Request<{ readonly do: 'throw' }, never>
  | Request<{ readonly do: 'stop'; readonly reason: unknown; readonly value?: unknown }, unknown>
  | Request<{ readonly do: 'continue'; readonly with: unknown }, unknown>
  | Request<{ readonly do: 'idle'; readonly ms: number }, unknown>
  | Request<{ readonly do: 'badReturn' }, never>;

export type TestCast =
  | { readonly do: 'note'; readonly value: unknown }
  | { readonly do: 'release'; readonly value: unknown }
  | { readonly do: 'stop'; readonly reason: unknown };

export type TestServerPid = ServerPid<TestCall, TestCast, string>;

interface State {
  readonly observer: Pid<unknown>;
  readonly how: How;
  readonly seen: readonly unknown[];
  readonly kept: readonly From[];
}

export const SERVER: Mfa = { module: import.meta.url, export: 'server' };
/** The same without handleCall, handleCast and handleInfo. */
export const BARE_SERVER: Mfa = { module: import.meta.url, export: 'bareServer' };

const note = (state: State, what: unknown): State => ({ ...state, seen: [...state.seen, what] });

/** Tells the observer `{initialized: pid}` and `{terminated: reason, by: pid}`; keeps what it saw for `seen`. */
export const server = genServer({
  label: 'test server',
  *init(context, observer: Pid<unknown>, how: How = {}) {
    if (how.traps === true) context.trapExit(true);
    if (how.initMs !== undefined) yield* sleep(how.initMs);
    if (how.init === 'hang') yield* receive(() => false);
    if (how.init === 'throw') throw new TypeError('init failed on purpose');
    if (how.init === 'stop') return stop(how.reason);
    if (how.init === 'fail') return fail(how.reason);
    if (how.init === 'ignore') return ignore();
    if (how.init === 'bad') return 'no result' as never;
    context.send(observer, { initialized: context.self });
    const state: State = { observer, how, seen: [], kept: [] };
    if (how.continueWith === undefined) return ok(state);
    context.send(context.self, 'sent in init');
    return ok(state, { continue: how.continueWith });
  },
  *handleCall(request: TestCall, from, state: State, context) {
    switch (request.do) {
      case 'echo':
        return reply(request.value, state);
      case 'seen':
        return reply(state.seen, state);
      case 'keep':
        context.send(state.observer, { kept: from });
        return noReply({ ...state, kept: [...state.kept, from] });
      case 'work':
        yield* sleep(request.ms);
        return reply(request.value, note(state, { worked: request.value }));
      case 'twice':
        replyTo(context, from, 'first');
        return reply('second', state);
      case 'throw':
        throw new RangeError('call failed on purpose');
      case 'stop':
        return 'value' in request ? stop(request.reason, state, request.value) : stop(request.reason, state);
      case 'continue':
        return reply('continuing', state, { continue: request.with });
      case 'idle':
        return reply('idling', state, { timeoutMs: request.ms });
      case 'badReturn':
        return 'no result' as never;
    }
  },
  handleCast(message: TestCast, state: State, context) {
    if (message.do === 'note') return noReply(note(state, { cast: message.value }));
    if (message.do === 'stop') return stop(message.reason, state);
    for (const from of state.kept) replyTo(context, from, message.value);
    return noReply({ ...state, kept: [] });
  },
  handleInfo(message: string | SystemMessage | IdleTimeout, state: State, context) {
    context.send(state.observer, { info: message });
    return noReply(note(state, { info: message }));
  },
  handleContinue(what, state: State, context) {
    context.send(state.observer, { continued: what });
    return noReply(note(state, { continued: what }));
  },
  terminate(reason, state: State, context) {
    context.send(state.observer, { terminated: reason, by: context.self });
    if (state.how.terminate === 'throw') throw new RangeError('terminate failed on purpose');
  },
});

export const bareServer = genServer({
  label: 'bare test server',
  init: (_context, observer: Pid<unknown>) => ok(observer),
});
