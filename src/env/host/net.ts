// Listening sockets of the host behind the Net interface, and what is asked of a TCP port beforehand. Plain TCP goes
// straight from the host to its owner; what lies around it elsewhere is in layers.ts. Rows: DESIGN decision 9.
import net from 'node:net';
import type { ListenEvent, Listening, ListenOptions, Net, SocketAddress } from '../index.ts';
import { HostSocket } from './host-socket.ts';
import { type Layers, layersOf } from './layers.ts';

const ACCEPT_BACKLOG = 1024;

export const hostNet: Net = {
  listen(options: ListenOptions, deliver: (event: ListenEvent) => void) {
    let layers: Layers | null;
    try {
      layers = layersOf(options, deliver);
    } catch (error) {
      // The caller hears of everything in the same way, and not before this returns.
      const text = (error as Error).message;
      setImmediate(() => deliver({ tag: 'listenFailed', code: 'ETLS', text }));
      return { close: () => {} };
    }
    const server = net.createServer({ noDelay: true, pauseOnConnect: layers === null }, (socket) => {
      if (layers === null) deliver({ tag: 'accepted', socket: new HostSocket(socket) });
      else layers.enter(socket);
    });
    const close = () => {
      server.close();
      layers?.close();
    };
    const listening: Listening = {
      get address(): SocketAddress {
        const address = server.address() as net.AddressInfo;
        return { host: address.address, tcpPort: address.port };
      },
      close,
    };
    server.on('error', (error: NodeJS.ErrnoException) => {
      deliver({ tag: 'listenFailed', code: error.code ?? 'UNKNOWN', text: error.message });
    });
    server.listen(
      {
        host: options.host,
        port: options.tcpPort,
        backlog: ACCEPT_BACKLOG,
        exclusive: true,
        ...(options.sharedBetweenThreads === true ? { reusePort: true } : {}),
      },
      () => deliver({ tag: 'listening', listening }),
    );
    return { close };
  },
};

/** What is known of a TCP port before threads listen on it. */
export interface ReservedTcpPort {
  readonly tcpPort: number;
  /** Several threads can listen on it together. */
  readonly isShareable: boolean;
}

/**
 * Makes sure that a TCP port is free, resolves 0 to a free one, and finds out whether the platform lets several threads
 * listen on one port. Rejects with the host's error, whose `code` is EADDRINUSE for a taken port.
 */
export async function reserveTcpPort(host: string, tcpPort: number): Promise<ReservedTcpPort> {
  const bound = await bindBriefly({ host, port: tcpPort, exclusive: true });
  try {
    await bindBriefly({ host, port: bound, exclusive: true, reusePort: true });
    return { tcpPort: bound, isShareable: true };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw error;
    return { tcpPort: bound, isShareable: false };
  }
}

function bindBriefly(options: net.ListenOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(options, () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
