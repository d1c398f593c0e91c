// Mistakes to plant into the connections of a simulated broker.
import type { Connection } from '../../../src/protocols/amqp091/connection.ts';
import type { LooseHandler } from '../broker/world.ts';

/** A connection with its doors open. */
interface Open {
  readonly output: { frameMax: number };
  phase: string;
  closeWith(cause: { code: number; text: string; classId: number; methodId: number }): void;
}

type Message = { readonly tag: string; readonly message?: unknown };
type Hear = (connection: Open, message: Message, hear: () => unknown) => unknown;

/** Connections that hear their messages in another way. */
const hearing =
  (change: Hear) =>
  (handler: LooseHandler): LooseHandler => ({
    ...handler,
    handle: (state, message, context) =>
      change(state as Open, message as Message, () => handler.handle(state as Connection, message, context)),
  });

/** The death of a channel is not heard. */
export const deafToChannels = hearing((connection, { tag }, hear) => (tag === 'DOWN' ? connection : hear()));

/** The silence of a peer is not heard. */
export const deafToSilence = hearing((connection, { message }, hear) =>
  message === 'heartbeat' ? connection : hear(),
);

/** The size that was agreed for frames is forgotten. */
export const frameMaxForgotten = hearing((connection, _message, hear) => {
  connection.output.frameMax = 131_072;
  return hear();
});

/** A connection that closes with an error takes one of its neighbours with it. */
export function neighbourly(): (handler: LooseHandler) => LooseHandler {
  const all = new Set<Open>();
  return hearing((connection, _message, hear) => {
    const { phase } = connection;
    const next = hear();
    all.add(connection);
    if (phase === 'running' && connection.phase === 'closing') {
      for (const other of all) {
        if (other.phase === 'running') other.closeWith({ code: 541, text: '', classId: 0, methodId: 0 });
      }
    }
    return next;
  });
}

/** The end of the socket is not heard. */
export const clingy = hearing((connection, { tag }, hear) => (tag === 'closed' ? connection : hear()));
