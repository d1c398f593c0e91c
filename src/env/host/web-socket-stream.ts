// The stream that a WebSocket carries in its binary messages, behind the Socket interface: to its owner it is a socket
// like any other. How the stream is cut into messages means nothing, in either direction.
import type net from 'node:net';
import type { RawData, WebSocket } from 'ws';
import type { PeerCertificate, Socket, SocketAddress, SocketEvent } from '../index.ts';
import { BACKLOG_BYTES_MAX, type SocketFacts } from './host-socket.ts';

/** Status codes of RFC 6455. */
const NORMAL = 1000;
const UNSUPPORTED_DATA = 1003;

export class WebSocketStream implements Socket {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly direct?: SocketAddress;
  readonly peerCertificate?: PeerCertificate;
  private readonly webSocket: WebSocket;
  private deliver: (event: SocketEvent) => void = () => {};
  private credit = 0;
  /** Messages that came in one piece of the stream with the one that used the credit up. */
  private readonly held: Uint8Array[] = [];
  private gathered: Uint8Array[] = [];
  private gatheredBytes = 0;
  private wasFull = false;
  private failure: string | undefined;

  constructor(webSocket: WebSocket, stream: net.Socket, { claimed, peerCertificate }: SocketFacts) {
    this.webSocket = webSocket;
    this.local = { host: stream.localAddress ?? '', tcpPort: stream.localPort ?? 0 };
    const direct = { host: stream.remoteAddress ?? '', tcpPort: stream.remotePort ?? 0 };
    this.remote = claimed ?? direct;
    if (claimed !== undefined) this.direct = direct;
    if (peerCertificate !== undefined) this.peerCertificate = peerCertificate;
    webSocket.pause();
    webSocket.on('error', (error: NodeJS.ErrnoException) => {
      this.failure = error.code ?? error.message;
    });
    webSocket.on('message', (data, isBinary) => this.onMessage(data, isBinary));
    // A peer that asks and never reads gets no more answers than fit.
    webSocket.on('ping', (data) => {
      if (this.backlogBytes < BACKLOG_BYTES_MAX) webSocket.pong(data);
    });
  }

  get backlogBytes(): number {
    return this.gatheredBytes + this.webSocket.bufferedAmount;
  }

  attach(deliver: (event: SocketEvent) => void): void {
    this.deliver = deliver;
    const onClose = () => {
      const { failure } = this;
      deliver({ tag: 'closed', socket: this, ...(failure === undefined ? {} : { error: failure }) });
    };
    if (this.webSocket.readyState === this.webSocket.CLOSED) onClose();
    else this.webSocket.once('close', onClose);
  }

  active(chunks: number): void {
    this.credit = chunks === 0 ? 0 : Math.max(0, this.credit) + chunks;
    while (this.credit > 0 && this.held.length > 0) this.hand(this.held.shift() as Uint8Array);
    if (this.credit > 0) this.webSocket.resume();
    else this.webSocket.pause();
  }

  write(bytes: Uint8Array): boolean {
    if (this.webSocket.readyState !== this.webSocket.OPEN) return true;
    // Everything written in one turn leaves as one message.
    if (this.gathered.length === 0) setImmediate(() => this.flush());
    this.gathered.push(bytes);
    this.gatheredBytes += bytes.length;
    if (this.backlogBytes <= BACKLOG_BYTES_MAX) return true;
    this.wasFull = true;
    return false;
  }

  end(): void {
    this.flush();
    // A peer that does not answer the closing is given up by `ws` itself, and by the owner's deadline before that.
    this.webSocket.resume();
    this.webSocket.close(NORMAL);
  }

  destroy(): void {
    this.webSocket.terminate();
  }

  private onMessage(data: RawData, isBinary: boolean): void {
    if (!isBinary) {
      this.webSocket.close(UNSUPPORTED_DATA, 'AMQP is binary');
      return;
    }
    // The default of `ws` for binary messages is one Buffer.
    const bytes = data as Buffer;
    if (bytes.length === 0) return;
    if (this.credit > 0) this.hand(bytes);
    // An owner that has ended the stream and reads no more would hold what comes for ever.
    else if (this.webSocket.readyState === this.webSocket.OPEN) this.held.push(bytes);
  }

  private hand(bytes: Uint8Array): void {
    if (--this.credit <= 0) this.webSocket.pause();
    this.deliver({ tag: 'chunk', socket: this, bytes });
  }

  private flush(): void {
    const { gathered } = this;
    if (gathered.length === 0) return;
    this.gathered = [];
    this.gatheredBytes = 0;
    if (this.webSocket.readyState !== this.webSocket.OPEN) return;
    const bytes = gathered.length === 1 ? gathered[0] : Buffer.concat(gathered);
    this.webSocket.send(bytes, { binary: true }, () => this.sent());
  }

  private sent(): void {
    if (!this.wasFull || this.backlogBytes > 0 || this.webSocket.readyState !== this.webSocket.OPEN) return;
    this.wasFull = false;
    this.deliver({ tag: 'drained', socket: this });
  }
}
