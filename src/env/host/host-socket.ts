// One TCP or TLS stream of the host behind the Socket interface: chunks with active-N credit, writes gathered until the
// end of the event loop's phase, one backlog bound. Rows: DESIGN decision 9.
import type net from 'node:net';
import type { PeerCertificate, Socket, SocketAddress, SocketEvent } from '../index.ts';

/** Bytes waiting in the host above which `write` says false. */
export const BACKLOG_BYTES_MAX = 1_048_576;

/** What layers around the TCP stream have found out. */
export interface SocketFacts {
  /** Who a PROXY header says is behind the proxy. */
  readonly claimed?: SocketAddress;
  readonly peerCertificate?: PeerCertificate;
}

/** A TCP stream, or a TLS stream over one. */
export class HostSocket implements Socket {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly direct?: SocketAddress;
  readonly peerCertificate?: PeerCertificate;
  private readonly socket: net.Socket;
  private credit = 0;
  private isGathering = false;
  private wasFull = false;
  private isClosed = false;

  constructor(socket: net.Socket, { claimed, peerCertificate }: SocketFacts = {}) {
    this.socket = socket;
    this.local = { host: socket.localAddress ?? '', tcpPort: socket.localPort ?? 0 };
    const direct = { host: socket.remoteAddress ?? '', tcpPort: socket.remotePort ?? 0 };
    this.remote = claimed ?? direct;
    if (claimed !== undefined) this.direct = direct;
    if (peerCertificate !== undefined) this.peerCertificate = peerCertificate;
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
