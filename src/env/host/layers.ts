// What may lie between a TCP connection and its owner, each optional, in this order: a PROXY header, TLS, a WebSocket.
// A connection is handed on once all are done; until then it costs bounded memory and bounded time: so many wait at once,
// each layer so long (reliability 2.e: TLS handshake 5 s).
import type net from 'node:net';
import tls from 'node:tls';
import type { ListenEvent, ListenOptions, Socket, TlsFiles, WebSocketRules } from '../index.ts';
import { HostSocket, type SocketFacts } from './host-socket.ts';
import { readProxyHeader } from './proxy-protocol.ts';
import { FileWatch, peerCertificateOf, readTlsFiles, TlsFileError } from './tls-files.ts';
import { webSocketDoor } from './web-socket-door.ts';
import { WebSocketStream } from './web-socket-stream.ts';

/** How long each layer may take, ms. */
const LAYER_MS = 5_000;
/** Connections of one listener that are not through yet; one more is dropped. */
const ENTERING_MAX = 4_096;

/** The layers of one listener. */
export interface Layers {
  /** Takes a connection that has just come, which nothing has read from. */
  enter(socket: net.Socket): void;
  /** Drops connections that are not through. */
  close(): void;
}

interface Entering {
  readonly socket: net.Socket;
  facts: SocketFacts;
}

/** Connections that are not through, by their four ends: the stream that TLS lays over a socket has the same. */
type Waiting = Map<string, Entering>;
/** One layer, around those after it: takes a stream on which nobody reads. */
type Layer = (stream: net.Socket, entering: Entering) => void;

/** The layers that the options ask for; null for plain TCP. Throws TlsFileError. */
export function layersOf(options: ListenOptions, deliver: (event: ListenEvent) => void): Layers | null {
  const { proxyProtocol = false, tls: files, webSocket } = options;
  if (!proxyProtocol && files === undefined && webSocket === undefined) return null;
  const waiting: Waiting = new Map();
  const accept = (socket: Socket, { socket: { localAddress, remoteAddress, remotePort } }: Entering) => {
    waiting.delete(endsOf({ localAddress, remoteAddress, remotePort }));
    deliver({ tag: 'accepted', socket });
  };
  let layer: Layer = (stream, entering) => accept(new HostSocket(stream, entering.facts), entering);
  if (webSocket !== undefined) layer = webSocketLayer(webSocket, waiting, accept);
  if (files !== undefined) layer = tlsLayer(files, waiting, deliver, layer);
  if (proxyProtocol) layer = proxyLayer(layer);
  return {
    enter(socket) {
      // An error ends in `close`; nobody else listens yet.
      socket.on('error', () => {});
      if (waiting.size >= ENTERING_MAX) {
        socket.destroy();
        return;
      }
      const ends = endsOf(socket);
      const entering: Entering = { socket, facts: {} };
      waiting.set(ends, entering);
      socket.once('close', () => {
        if (waiting.get(ends) === entering) waiting.delete(ends);
      });
      layer(socket, entering);
    },
    close() {
      for (const { socket } of waiting.values()) socket.destroy();
    },
  };
}

function endsOf({
  localAddress,
  remoteAddress,
  remotePort,
}: Pick<net.Socket, 'localAddress' | 'remoteAddress' | 'remotePort'>): string {
  return `${localAddress} ${remoteAddress} ${remotePort}`;
}

function proxyLayer(next: Layer): Layer {
  return (socket, entering) => {
    const timer = setTimeout(() => socket.destroy(), LAYER_MS);
    let bytes: Buffer = Buffer.alloc(0);
    const onClose = () => clearTimeout(timer);
    const onData = (chunk: Buffer) => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      const header = readProxyHeader(bytes);
      if (header.is === 'partial') return;
      clearTimeout(timer);
      socket.off('data', onData).off('close', onClose).pause();
      if (header.is === 'malformed') {
        socket.destroy();
        return;
      }
      if (bytes.length > header.bytes) socket.unshift(bytes.subarray(header.bytes));
      if (header.source !== null) entering.facts = { claimed: header.source };
      next(socket, entering);
    };
    socket.on('data', onData).once('close', onClose);
  };
}

function tlsLayer(files: TlsFiles, waiting: Waiting, deliver: (event: ListenEvent) => void, next: Layer): Layer {
  const server = tls.createServer({
    ...readTlsFiles(files),
    requestCert: files.verify !== 'none',
    rejectUnauthorized: files.verify === 'peer',
    handshakeTimeout: LAYER_MS,
  });
  const watch = new FileWatch(files, () => {
    try {
      server.setSecureContext(readTlsFiles(files));
      deliver({ tag: 'tlsReloaded' });
    } catch (error) {
      if (!(error instanceof TlsFileError)) throw error;
      deliver({ tag: 'tlsUnusable', text: error.message });
    }
  });
  server.on('tlsClientError', (_error, stream) => stream.destroy());
  server.on('secureConnection', (stream) => {
    const entering = waiting.get(endsOf(stream));
    // Not verified, though a certificate was shown: fails closed, also where none would have been fine.
    const isRefused = !stream.authorized && stream.getPeerX509Certificate() !== undefined;
    if (entering === undefined || isRefused) {
      stream.destroy();
      return;
    }
    stream.disableRenegotiation();
    const peerCertificate = peerCertificateOf(stream);
    if (peerCertificate !== undefined) entering.facts = { ...entering.facts, peerCertificate };
    next(stream, entering);
  });
  return (socket) => {
    watch.touch();
    server.emit('connection', socket);
  };
}

function webSocketLayer(
  rules: WebSocketRules,
  waiting: Waiting,
  accept: (socket: Socket, entering: Entering) => void,
): Layer {
  const door = webSocketDoor(rules, LAYER_MS, (webSocket, stream) => {
    const entering = waiting.get(endsOf(stream));
    if (entering === undefined) webSocket.terminate();
    else accept(new WebSocketStream(webSocket, stream, entering.facts), entering);
  });
  return (stream) => {
    const timer = setTimeout(() => stream.destroy(), LAYER_MS);
    stream.once('close', () => clearTimeout(timer));
    door(stream, () => clearTimeout(timer));
  };
}
