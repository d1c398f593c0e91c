// State steps with immer, for servers that ask for it (`immer: true`): a callback changes a draft of the state and
// returns it in its result; the next state shares what did not change. A callback that throws leaves no trace.
import { createDraft, current, type Draft, enableMapSet, finishDraft, isDraft, isDraftable, type Patch } from 'immer';
import type { Callbacks, OrEffects } from './callbacks.ts';
import type { CallResult, CastResult, Next } from './results.ts';
import { isEffects } from './server-steps.ts';
import { replacing, type StateStep } from './state-history.ts';

// Maps and Sets are terms, and a state may have some.
enableMapSet();

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
      return {
        ...result,
        value: plain(result.value),
        next: plain(result.next) as Next,
        ...finished(result.state, draft, before),
      };
    case 'noReply':
      return { ...result, next: plain(result.next) as Next, ...finished(result.state, draft, before) };
    case 'stop':
      return {
        ...result,
        reason: plain(result.reason),
        reply: result.reply && { value: plain(result.reply.value) as never },
        state: result.state && { value: finish(result.state.value, draft) },
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

/**
 * Parts of the draft that leave the server, or that another state is made of, must be values, however deep they are: the
 * draft is closed when the callback returns. As in immer's own producers, what is frozen is not looked into.
 */
function plain(value: unknown, seen = new Set<unknown>()): unknown {
  if (isDraft(value)) return current(value as object);
  if (!isDraftable(value) || Object.isFrozen(value) || seen.has(value)) return value;
  seen.add(value);
  if (value instanceof Map) for (const [key, part] of value) value.set(key, plain(part, seen));
  else if (value instanceof Set) plainSet(value, seen);
  else plainParts(value as Record<string, unknown>, seen);
  return value;
}

function plainParts(value: Record<string, unknown>, seen: Set<unknown>): void {
  for (const key of Object.keys(value)) {
    const part = plain(value[key], seen);
    if (part !== value[key]) value[key] = part;
  }
}

function plainSet(value: Set<unknown>, seen: Set<unknown>): void {
  const parts = [...value].map((part) => plain(part, seen));
  value.clear();
  for (const part of parts) value.add(part);
}
