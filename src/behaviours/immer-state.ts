// State steps with immer, for servers that ask for it (`immer: true`): a callback changes a draft of the state and
// returns it in its result; the next state shares what did not change. A callback that throws leaves no trace.
import { createDraft, current, type Draft, finishDraft, isDraft, isDraftable, type Patch } from 'immer';
import type { Callbacks, OrEffects } from './callbacks.ts';
import type { CallResult, CastResult } from './results.ts';
import { isEffects } from './server-steps.ts';
import { replacing, type StateStep } from './state-history.ts';

type Loose = Callbacks<unknown, readonly unknown[], unknown, unknown, unknown>;
type Result = CallResult<unknown, unknown> | CastResult<unknown>;

/** A result of a server that remembers its steps. */
export interface Stepped {
  readonly step?: StateStep;
}

/** The same callbacks over drafts. States that immer cannot draft (numbers, strings) are passed as they are. */
export function withDrafts(callbacks: Loose): Loose {
  const remembers = callbacks.history !== undefined;
  const { handleCall, handleCast, handleInfo, handleContinue } = callbacks;
  const drafted: { -readonly [K in keyof Loose]: Loose[K] } = { ...callbacks };
  if (handleCall !== undefined) {
    drafted.handleCall = (request, from, state, context) =>
      step(state, remembers, (draft) => handleCall(request, from, draft, context));
  }
  if (handleCast !== undefined) {
    drafted.handleCast = (message, state, context) =>
      step(state, remembers, (draft) => handleCast(message, draft, context));
  }
  if (handleInfo !== undefined) {
    drafted.handleInfo = (message, state, context) =>
      step(state, remembers, (draft) => handleInfo(message, draft, context));
  }
  if (handleContinue !== undefined) {
    drafted.handleContinue = (continuation, state, context) =>
      step(state, remembers, (draft) => handleContinue(continuation, draft, context));
  }
  return drafted;
}

function step<R extends Result>(
  state: unknown,
  remembers: boolean,
  run: (draft: unknown) => OrEffects<R>,
): OrEffects<R> {
  if (!isDraftable(state)) return remembers ? whole(state, run(state)) : run(state);
  const draft = createDraft(state as object);
  const result = run(draft);
  if (isEffects(result)) {
    // A draft must not stay open while the process waits: the state would change under nobody's eyes.
    throw new TypeError('a callback over drafts (immer: true) must be a plain function, not a generator');
  }
  return close(result, draft, remembers ? state : NOT_REMEMBERED) as R;
}

const NOT_REMEMBERED = Symbol('not remembered');

/** A state that has no drafts is replaced as a whole. */
function whole<R extends Result>(before: unknown, result: OrEffects<R>): OrEffects<R> {
  if (isEffects(result) || (result?.tag !== 'reply' && result?.tag !== 'noReply') || result.state === before)
    return result;
  return { ...result, step: replacing(before, result.state) };
}

function close(result: Result, draft: Draft<object>, before: unknown): Result & Stepped {
  switch (result?.tag) {
    case 'reply':
      return { ...result, value: plain(result.value), ...finished(result.state, draft, before) };
    case 'noReply':
      return { ...result, ...finished(result.state, draft, before) };
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

/** The next state, and the step to it where steps are remembered. */
function finished(state: unknown, draft: Draft<object>, before: unknown): { readonly state: unknown } & Stepped {
  if (before === NOT_REMEMBERED) return { state: finish(state, draft) };
  if (state !== draft) {
    const next = plain(state);
    return { state: next, step: replacing(before, next) };
  }
  let step: StateStep = { patches: [], inverse: [] };
  const next = finishDraft(draft, (patches: Patch[], inverse: Patch[]) => {
    step = { patches, inverse };
  });
  return { state: next, step };
}

function finish(state: unknown, draft: Draft<object>): unknown {
  return state === draft ? finishDraft(draft) : plain(state);
}

/** A part of the draft that leaves the server must be a value: the draft is closed when the callback returns. */
function plain(value: unknown): unknown {
  return isDraft(value) ? current(value as object) : value;
}
