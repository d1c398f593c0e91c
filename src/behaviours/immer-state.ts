// State steps with immer, for servers that ask for it (`immer: true`): a callback changes a draft of the state and
// returns it in its result; the next state shares what did not change. A callback that throws leaves no trace.
import { createDraft, current, type Draft, finishDraft, isDraft, isDraftable } from 'immer';
import type { Callbacks, OrEffects } from './callbacks.ts';
import type { CallResult, CastResult } from './results.ts';
import { isEffects } from './server-steps.ts';

type Loose = Callbacks<unknown, readonly unknown[], unknown, unknown, unknown>;
type Result = CallResult<unknown, unknown> | CastResult<unknown>;

/** The same callbacks over drafts. States that immer cannot draft (numbers, strings) are passed as they are. */
export function withDrafts(callbacks: Loose): Loose {
  const { handleCall, handleCast, handleInfo, handleContinue } = callbacks;
  const drafted: { -readonly [K in keyof Loose]: Loose[K] } = { ...callbacks };
  if (handleCall !== undefined) {
    drafted.handleCall = (request, from, state, context) =>
      step(state, (draft) => handleCall(request, from, draft, context));
  }
  if (handleCast !== undefined) {
    drafted.handleCast = (message, state, context) => step(state, (draft) => handleCast(message, draft, context));
  }
  if (handleInfo !== undefined) {
    drafted.handleInfo = (message, state, context) => step(state, (draft) => handleInfo(message, draft, context));
  }
  if (handleContinue !== undefined) {
    drafted.handleContinue = (continuation, state, context) =>
      step(state, (draft) => handleContinue(continuation, draft, context));
  }
  return drafted;
}

function step<R extends Result>(state: unknown, run: (draft: unknown) => OrEffects<R>): OrEffects<R> {
  if (!isDraftable(state)) return run(state);
  const draft = createDraft(state as object);
  const result = run(draft);
  if (isEffects(result)) {
    // A draft must not stay open while the process waits: the state would change under nobody's eyes.
    throw new TypeError('a callback over drafts (immer: true) must be a plain function, not a generator');
  }
  return close(result, draft) as R;
}

function close(result: Result, draft: Draft<object>): Result {
  switch (result?.tag) {
    case 'reply':
      return { ...result, value: plain(result.value), state: finish(result.state, draft) };
    case 'noReply':
      return { ...result, state: finish(result.state, draft) };
    case 'stop':
      return {
        ...result,
        state: result.state && { value: finish(result.state.value, draft) },
        reply: result.reply && { value: plain(result.reply.value) as never },
      };
    default:
      return result;
  }
}

function finish(state: unknown, draft: Draft<object>): unknown {
  return state === draft ? finishDraft(draft) : plain(state);
}

/** A part of the draft that leaves the server must be a value: the draft is closed when the callback returns. */
function plain(value: unknown): unknown {
  return isDraft(value) ? current(value as object) : value;
}
