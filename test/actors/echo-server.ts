// An echo server on sockets, for the simulated network.
import type { ListenEvent, SocketEvent } from '../../src/env/index.ts';
import { type Context, type Effects, receive } from '../../src/process/index.ts';
import type { Mfa } from '../../src/term/index.ts';

type Event = SocketEvent | ListenEvent;

export const ECHO: Mfa = { module: import.meta.url, export: 'echo' };

/** Answers every chunk with itself on every socket, until `quit` is read. */
export function* echo(context: Context<unknown>, tcpPort = 7): Effects<void> {
  const inlet = context.inlet();
  context.own(context.env.net.listen({ host: '127.0.0.1', tcpPort }, inlet));
  for (;;) {
    const event = yield* receive<Event>();
    if (event.tag === 'accepted') {
      context.own({ close: () => event.socket.destroy() });
      event.socket.attach(inlet);
      event.socket.active(1);
    } else if (event.tag === 'chunk') {
      event.socket.write(event.bytes);
      event.socket.active(1);
      if (new TextDecoder().decode(event.bytes).includes('quit')) event.socket.end();
    }
  }
}
