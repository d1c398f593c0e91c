// A server that counts in place, with a state that is a term or not.
import { genServer, noReply, ok, type Request, reply } from '../../src/behaviours/index.ts';
import type { Mfa } from '../../src/term/index.ts';

export const COUNTING: Mfa = { module: import.meta.url, export: 'counting' };

interface State {
  count: number;
  readonly log: string[];
  readonly odd?: () => void;
}

export const counting = genServer<State, [boolean?], Request<'count', number>, string>({
  label: 'counting',
  init(context, isOdd = false) {
    context.trapExit(true);
    return ok(isOdd ? { count: 0, log: [], odd: () => {} } : { count: 0, log: [] });
  },
  handleCall(request, _from, state) {
    state.log.push(request);
    return reply(++state.count, state);
  },
  handleCast(message, state) {
    state.log.push(message);
    state.count++;
    return noReply(state);
  },
});
