// Listens on the broker's TCP port on one thread and starts a connection tree for each socket (DESIGN decision 9).
import { genServer, noReply, ok, type SupervisorPid, stop } from '../../behaviours/index.ts';
import type { ListenEvent, ListenOptions } from '../../env/index.ts';
import { receive } from '../../process/index.ts';
import { type AmqpSettings, DEFAULT_SETTINGS } from './settings.ts';
import { dropSocket, leaveSocket } from './sockets.ts';
import { sibling, startConnection } from './tree.ts';

export interface ListenerOptions extends ListenOptions {
  /** What differs from RabbitMQ's defaults. */
  readonly settings?: Partial<AmqpSettings>;
}

interface State {
  readonly settings: AmqpSettings;
  readonly connections: SupervisorPid | null;
}

function isAnswer(message: unknown): message is Extract<ListenEvent, { tag: 'listening' | 'listenFailed' }> {
  const { tag } = message as { readonly tag?: unknown };
  return tag === 'listening' || tag === 'listenFailed';
}

/** The process body of a listener. It has started once the port is open; a port that cannot be opened fails the start. */
export const listener = genServer<State, [ListenerOptions], never, never, ListenEvent>({
  label: 'amqp listener',
  *init(context, options) {
    context.own(context.env.net.listen(options, context.inlet() as (event: ListenEvent) => void));
    const answer = yield* receive(isAnswer);
    const settings = { ...DEFAULT_SETTINGS, ...options.settings };
    if (answer.tag === 'listening') return ok({ settings, connections: null }, { continue: 'siblings' });
    return stop({ tag: 'shutdown', detail: { tag: 'listenFailed', code: answer.code, text: answer.text } });
  },
  *handleContinue(_what, { settings }, context) {
    return noReply({ settings, connections: yield* sibling(context, 'connections') });
  },
  *handleInfo(event, state, context) {
    if (event.tag === 'listenFailed') context.exit({ tag: 'listenFailed', code: event.code, text: event.text });
    if (event.tag === 'tlsReloaded') context.env.logger.log('info', 'certificate reloaded');
    if (event.tag === 'tlsUnusable') context.env.logger.log('error', 'certificate not reloaded', { text: event.text });
    if (event.tag !== 'accepted' || state.connections === null) return noReply(state);
    const key = leaveSocket(context, event.socket);
    if (!(yield* startConnection(state.connections, key, state.settings))) dropSocket(context, key);
    return noReply(state);
  },
});
