// TCP sockets of the host behind the Net interface: chunks with active-N credit, writes gathered until the end of the
// event loop's phase, one backlog bound. Rows: DESIGN decision 9.
import net from 'node:net';
import type { ListenEvent, Listening, ListenOptions, Net, Socket, SocketAddress, SocketEvent } from '../index.ts';

/** Bytes waiting in the host above which `write` says false. */
const BACKLOG_BYTES_MAX = 1_048_576;
const ACCEPT_BACKLOG = 1024;

export const hostNet: Net = {
  listen(options: ListenOptions, deliver: (event: ListenEvent) => void) {
    const server = net.createServer({ noDelay: true, pauseOnConnect: true }, (socket) => {
      deliver({ tag: 'accepted', socket: new HostSocket(socket) });
    });
    const listening: Listening = {
      get address(): SocketAddress {
        const address = server.address() as net.AddressInfo;
        return { host: address.address, tcpPort: address.port };
      },
      close: () => server.close(),
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
    return { close: () => server.close() };
  },
};

class HostSocket implements Socket {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  private readonly socket: net.Socket;
  private credit = 0;
  private isGathering = false;
  private wasFull = false;
  private isClosed = false;

  constructor(socket: net.Socket) {
    this.socket = socket;
    this.local = { host: socket.localAddress ?? '', tcpPort: socket.localPort ?? 0 };
    this.remote = { host: socket.remoteAddress ?? '', tcpPort: socket.remotePort ?? 0 };
    // An error on a socket that has no owner yet must not end the host; `close` follows and tells the owner.
    socket.on('error', () => {});
  }

  get backlogBytes(): number {
    return this.socket.writableLength;
  }

  attach(deliver: (event: SocketEvent) => void): void {
    const { socket } = this;
    let failure: string | undefined;
    socket.on('data', (bytes: Buffer) => {
      if (--this.credit <= 0) socket.pause();
      deliver({ tag: 'chunk', socket: this, bytes });
    });
    socket.on('drain', () => {
      if (!this.wasFull) return;
      this.wasFull = false;
      deliver({ tag: 'drained', socket: this });
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      failure = error.code ?? error.message;
    });
    socket.on('close', () => {
      this.isClosed = true;
      deliver({ tag: 'closed', socket: this, ...(failure === undefined ? {} : { error: failure }) });
    });
    socket.pause();
    if (socket.destroyed) deliver({ tag: 'closed', socket: this });
  }

  active(chunks: number): void {
    this.credit = chunks === 0 ? 0 : Math.max(0, this.credit) + chunks;
    if (this.credit > 0) this.socket.resume();
    else this.socket.pause();
  }

  write(bytes: Uint8Array): boolean {
    if (this.isClosed || this.socket.destroyed) return true;
    // Everything written in one turn leaves with one system call.
    if (!this.isGathering) {
      this.isGathering = true;
      this.socket.cork();
      setImmediate(() => {
        this.isGathering = false;
        this.socket.uncork();
      });
    }
    this.socket.write(bytes);
    if (this.socket.writableLength <= BACKLOG_BYTES_MAX) return true;
    this.wasFull = true;
    return false;
  }

  end(): void {
    this.socket.end();
  }

  destroy(): void {
    if (this.isGathering) this.socket.uncork();
    this.socket.destroy();
  }
}

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
