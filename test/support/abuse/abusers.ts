// Sockets that abuse a broker, each in one way and again as soon as it is thrown out: a header of one byte a second, a
// whole handshake so, floods of frames that are none, wrong passwords, and readers that never read what they asked for.
import { connect, type Socket } from 'node:net';
import * as wire from '../wire.ts';

/** A durable name would outlive the run; this queue is everybody's and its backlog is for those who never read. */
export const BACKLOG = 'backlog of abusers';
/** How soon one that was thrown out comes again: not all at the same moment, so that the flood is a steady one. */
const AGAIN_MS = { least: 100, step: 37, most: 300 };
const SECOND_MS = 1_000;

/** Counted over all sockets. */
export interface AbuseCounts {
  connects: number;
  /** Ends that the broker made. */
  thrownOut: number;
  failed: number;
  bytesSent: number;
  bytesRead: number;
}

const OPENING_WRONG = Buffer.concat([
  wire.PROTOCOL_HEADER,
  wire.method(0, 10, 11, wire.table(), wire.shortstr('PLAIN'), wire.longstr('\0guest\0wrong'), wire.shortstr('en_US')),
]);
/** Frames of no known type on channels that are not open, with ends that are none. */
const JUNK = Buffer.concat(
  Array.from({ length: 400 }, (_, at) => wire.frame(at % 13, at, Buffer.alloc(150, at), at % 256)),
);
/** Well-formed frames, half of them no method at all. */
const NONSENSE = Buffer.concat(
  Array.from({ length: 400 }, (_, at) =>
    at % 2 === 0 ? wire.HEARTBEAT : wire.method(1 + at, 60, 200, Buffer.alloc(99)),
  ),
);

const againMs = (times: number): number =>
  AGAIN_MS.least + ((times * AGAIN_MS.step) % (AGAIN_MS.most - AGAIN_MS.least));

type Say = (bytes: Buffer) => void;
/** What one kind does with a new socket. Returns what ends its timers. */
type Kind = (say: Say, socket: Socket) => () => void;

const dribble =
  (text: Buffer): Kind =>
  (say) => {
    let at = 0;
    const timer = setInterval(() => say(text.subarray(at, ++at)), SECOND_MS);
    return () => clearInterval(timer);
  };

const once =
  (...parts: readonly Buffer[]): Kind =>
  (say) => {
    for (const part of parts) say(part);
    return () => {};
  };

const neverReads: Kind = (say, socket) => {
  say(wire.OPENING);
  say(wire.consume(1, BACKLOG, 'never reads', false));
  socket.pause();
  return () => {};
};

/** In turn. */
export const KINDS: readonly Kind[] = [
  dribble(wire.PROTOCOL_HEADER),
  dribble(wire.OPENING),
  once(wire.OPENING, JUNK),
  once(wire.OPENING, NONSENSE),
  once(OPENING_WRONG),
  neverReads,
];

/** Lets so many sockets loose on a broker. Returns their counts, which go on, and what ends them. */
export function abuse(amqpPort: number, sockets: number): { readonly counts: AbuseCounts; readonly end: () => void } {
  const counts: AbuseCounts = { connects: 0, thrownOut: 0, failed: 0, bytesSent: 0, bytesRead: 0 };
  const live = new Set<Socket>();
  let isOver = false;
  const start = (kind: Kind): void => {
    if (isOver) return;
    const socket = connect({ port: amqpPort, host: '127.0.0.1' });
    live.add(socket);
    let stop = (): void => {};
    socket.on('connect', () => {
      counts.connects++;
      const say: Say = (bytes) => {
        counts.bytesSent += bytes.length;
        socket.write(bytes);
      };
      stop = kind(say, socket);
    });
    socket.on('data', (bytes) => {
      counts.bytesRead += bytes.length;
    });
    socket.on('error', () => {
      counts.failed++;
    });
    socket.on('close', () => {
      stop();
      live.delete(socket);
      counts.thrownOut++;
      if (!isOver) setTimeout(start, againMs(counts.thrownOut), kind);
    });
  };
  for (let at = 0; at < sockets; at++) start(KINDS[at % KINDS.length]);
  const end = (): void => {
    isOver = true;
    for (const socket of live) socket.destroy();
  };
  return { counts, end };
}
