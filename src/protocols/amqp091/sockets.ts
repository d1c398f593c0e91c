// Sockets on their way from the listener to the connection that will own them. A socket is no term, so the start
// message carries a key and the socket waits in the thread's locals.
import type { Socket } from '../../env/index.ts';
import type { Context } from '../../process/index.ts';

interface Waiting {
  lastKey: number;
  readonly sockets: Map<number, Socket>;
}

function waiting(context: Pick<Context, 'kernel'>): Waiting {
  const { locals } = context.kernel;
  let found = locals.get('amqp091.sockets') as Waiting | undefined;
  if (found === undefined) {
    found = { lastKey: 0, sockets: new Map() };
    locals.set('amqp091.sockets', found);
  }
  return found;
}

/** Leaves a socket for a connection about to start; returns its key. */
export function leaveSocket(context: Pick<Context, 'kernel'>, socket: Socket): number {
  const place = waiting(context);
  const key = ++place.lastKey;
  place.sockets.set(key, socket);
  return key;
}

/** Takes the socket; throws when nobody left one under that key. */
export function takeSocket(context: Pick<Context, 'kernel'>, key: number): Socket {
  const { sockets } = waiting(context);
  const socket = sockets.get(key);
  if (socket === undefined) throw new Error(`no socket was left under key ${key}`);
  sockets.delete(key);
  return socket;
}

/** Drops the socket of a connection that did not start. */
export function dropSocket(context: Pick<Context, 'kernel'>, key: number): void {
  const { sockets } = waiting(context);
  sockets.get(key)?.destroy();
  sockets.delete(key);
}
