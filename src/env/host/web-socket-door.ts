// The HTTP side of AMQP over WebSocket: upgrades a connection, and answers everything else with one short refusal.
// Pages may connect only from listed origins (reliability 2.e: Origin check on WebSocket); messages are bounded and never
// compressed.
import http from 'node:http';
import type net from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { WebSocketRules } from '../index.ts';

/** The subprotocol that browser clients of AMQP ask for. */
const SUBPROTOCOL = 'amqp';
/** The largest message taken unless the listener says: browsers' clients send one publish in each, bodies and all. */
const MESSAGE_BYTES_MAX = 16_777_216 + 65_536;
const HEADER_BYTES_MAX = 8_192;

/** Takes a stream, and calls `onUpgrade` when it is upgraded. */
export type Door = (stream: net.Socket, onUpgrade: () => void) => void;

/** A door that hands on what it has upgraded, together with the stream under it. Each request may take `requestMs`. */
export function webSocketDoor(
  { origins, messageBytesMax = MESSAGE_BYTES_MAX }: WebSocketRules,
  requestMs: number,
  accept: (webSocket: WebSocket, stream: net.Socket) => void,
): Door {
  const upgraded = new WeakMap<Duplex, () => void>();
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: messageBytesMax,
    autoPong: false,
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  });
  const server = http.createServer(
    {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: requestMs,
      requestTimeout: requestMs,
      insecureHTTPParser: false,
    },
    (_request, response) => {
      response.writeHead(426, { Connection: 'close', Upgrade: 'websocket' }).end('This port speaks WebSocket.\n');
    },
  );
  server.on('clientError', (_error, stream) => stream.destroy());
  server.on('upgrade', (request, stream, head) => {
    const refusal = refusalOf(request, origins);
    if (refusal !== null) {
      stream.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, stream, head, (webSocket) => {
      upgraded.get(stream)?.();
      accept(webSocket, stream as net.Socket);
    });
  });
  return (stream, onUpgrade) => {
    upgraded.set(stream, onUpgrade);
    server.emit('connection', stream);
    // A layer before this one may have paused it.
    stream.resume();
  };
}

/** The status line of a refusal; null for a request that may be upgraded. */
function refusalOf({ headers }: http.IncomingMessage, origins: readonly string[]): string | null {
  const { origin } = headers;
  if (origin !== undefined && !origins.includes('*') && !origins.includes(origin.toLowerCase())) return '403 Forbidden';
  const offered = headers['sec-websocket-protocol'];
  const isAmqp = offered === undefined || offered.split(',').some((name) => name.trim() === SUBPROTOCOL);
  return isAmqp ? null : '400 Bad Request';
}
