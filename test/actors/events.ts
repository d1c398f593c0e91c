// An event manager for tests on every engine: handlers that tell a test what they see.
import { type EventHandler, genEvent, type HandlerEnd, REMOVE_HANDLER, swapFor } from '../../src/behaviours/index.ts';
import type { Mfa, Pid } from '../../src/term/index.ts';

export const MANAGER: Mfa = { module: import.meta.url, export: 'manager' };

interface Told {
  readonly test: Pid<unknown>;
  readonly id: string;
  readonly seen: number;
}

const teller: EventHandler<Told, unknown, [Pid<unknown>, string, ...unknown[]]> = {
  init(context, test, id, ...more) {
    if (more.length > 0) context.send(test, `${id} takes over ${more[0]}`);
    if (id === 'broken') throw new Error('no');
    return { test, id, seen: 0 };
  },
  handleEvent(event, state, context) {
    context.send(state.test, `${state.id}: ${event}`);
    if (event === `crash ${state.id}`) throw new Error('crashed');
    if (event === `swap ${state.id}`) return swapFor({ name: 'teller', id: 'heir', args: [state.test, 'heir'] });
    return event === `remove ${state.id}` ? REMOVE_HANDLER : { ...state, seen: state.seen + 1 };
  },
  handleCall(request, state) {
    const answer = [request, state.seen];
    if (request === 'remove') return { reply: answer, state: REMOVE_HANDLER };
    if (typeof request !== 'string' || !request.startsWith('swap for ')) return { reply: answer, state };
    const id = request.slice('swap for '.length);
    return { reply: answer, state: swapFor({ name: 'teller', id, args: [state.test, id] }) };
  },
  terminate(end: HandlerEnd, { test, id, seen }, context) {
    context.send(test, `${id} ends: ${end.tag}`);
    return seen;
  },
};

export const manager = genEvent({ label: 'manager', handlers: { teller } });
