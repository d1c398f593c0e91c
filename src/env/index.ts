// The outside world as interfaces (DESIGN decision 1): everything the kernel, the behaviours and the broker may know of
// it. The real ones are in env/host/, the virtual ones in simulation/. This file holds no code.

import type { Disk } from './disk.ts';

export type * from './disk.ts';

/** Time. `now` never goes back; `wallTime` is for people and protocols, never for deadlines (TMR-3). */
export interface Clock {
  /** Monotonic milliseconds since some start, with fraction. */
  now(): number;
  /** Milliseconds since 1970, from the wall clock; may jump. */
  wallTime(): number;
}

/** A source of random numbers: the simulator seeds it. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
}

/** Unguessable names, made once for a thing (DESIGN decision 18); counters do the rest. */
export interface Ids {
  /** A name of `length` base64url characters. */
  next(length: number): string;
}

export type LogLevel = 'debug' | 'info' | 'warning' | 'error';

/** Structured log: an event name and plain data. */
export interface Logger {
  log(level: LogLevel, event: string, data?: Readonly<Record<string, unknown>>): void;
}

/** Counters and gauges by name; a name is fixed text, never made from what a client sent. */
export interface Metrics {
  count(name: string, by?: number): void;
  gauge(name: string, value: number): void;
}

/** How a scheduler gets its turns from the host's event loop. Each call replaces the one before it. */
export interface Turns {
  /** Asks for one turn soon, as a macrotask (SCH-3). Asking twice is asking once. */
  request(): void;
  /** Asks for a turn at `atMs` of the clock; `Infinity` takes the request back. */
  wakeAt(atMs: number): void;
}

/** Address of one end of a socket. */
export interface SocketAddress {
  readonly host: string;
  /** TCP port number. */
  readonly tcpPort: number;
}

/** What a socket tells its owner, as messages. */
export type SocketEvent =
  | { readonly tag: 'chunk'; readonly socket: Socket; readonly bytes: Uint8Array }
  /** The output backlog fell to zero after `write` had returned false. */
  | { readonly tag: 'drained'; readonly socket: Socket }
  /** The peer sent FIN, or the socket broke; nothing follows. `error` is absent after an orderly end. */
  | { readonly tag: 'closed'; readonly socket: Socket; readonly error?: string };

/** Whose certificate a TLS peer has shown. */
export interface PeerCertificate {
  /** The one common name; null where there is none, or several. */
  readonly commonName: string | null;
  /** The subject as RFC 4514 writes it, most special part first: `CN=reports,O=Example`. */
  readonly distinguishedName: string;
}

/** A TCP stream owned by one process. Chunks arrive only while there is credit (active-N). */
export interface Socket {
  readonly local: SocketAddress;
  /** The peer; behind a proxy what the PROXY header claims, which nobody has proved. */
  readonly remote: SocketAddress;
  /** The real other end, where `remote` is a claim of a PROXY header; absent elsewhere. */
  readonly direct?: SocketAddress;
  /** The subject of the peer's certificate, once it has been verified; absent without one. */
  readonly peerCertificate?: PeerCertificate;
  /** Bytes accepted by `write` that the host has not sent yet. */
  readonly backlogBytes: number;
  /** Names the receiver of all later events; called once by the owner, before any chunk arrives. */
  attach(deliver: (event: SocketEvent) => void): void;
  /** Adds credit for `chunks` more chunks; 0 pauses. */
  active(chunks: number): void;
  /** Queues bytes, which the caller must not change afterwards. False when the backlog passed its bound. */
  write(bytes: Uint8Array): boolean;
  /** Sends FIN after what was written. */
  end(): void;
  /** Drops the connection at once (RST). */
  destroy(): void;
}

/** A listening socket. */
export interface Listening {
  readonly address: SocketAddress;
  /** Stops accepting; accepted sockets stay. */
  close(): void;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 asks for any free one. */
  readonly tcpPort: number;
  /** Several threads listen on one TCP port and the host's kernel spreads connections (DESIGN decision 9). */
  readonly sharedBetweenThreads?: boolean;
  /** Every connection starts with a PROXY header, version 1 or 2, which says who is behind the proxy. */
  readonly proxyProtocol?: boolean;
  /** TLS, 1.2 or newer. A connection is accepted once its handshake is done. */
  readonly tls?: TlsFiles;
  /** The stream is carried in binary messages of a WebSocket. A connection is accepted once it is upgraded. */
  readonly webSocket?: WebSocketRules;
}

/**
 * TLS of a listening socket. The PEM texts stay in their files, so that no key is part of any message, state or report;
 * the files are looked at again while connections come, and what has changed is used from then on.
 */
export interface TlsFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Those whose certificates are trusted of peers. Needed unless `verify` is `none`. */
  readonly caFile?: string;
  /**
   * `peer`: who shows no certificate that the authorities signed is refused. `optional`: who shows a bad one is. `none`:
   * nobody is asked.
   */
  readonly verify: 'none' | 'optional' | 'peer';
  /** How often at most the files are looked at again, ms. Default 5,000. */
  readonly recheckMs?: number;
}

/** Who may open a WebSocket. */
export interface WebSocketRules {
  /** Pages, by their origin (`https://example.org`), whose scripts may connect; `*` for all. Programs send no origin and may. */
  readonly origins: readonly string[];
  /** The largest message of the WebSocket that is taken. Default 16 MiB and some for what is around a body. */
  readonly messageBytesMax?: number;
}

/** What a listening socket tells its owner. */
export type ListenEvent =
  | { readonly tag: 'listening'; readonly listening: Listening }
  | { readonly tag: 'accepted'; readonly socket: Socket }
  /** `code` is the host's error code, such as EADDRINUSE. */
  | { readonly tag: 'listenFailed'; readonly code: string; readonly text: string }
  /** Files of TLS have changed: they are used from now on, or cannot be, and those before them stay in use. */
  | { readonly tag: 'tlsReloaded' }
  | { readonly tag: 'tlsUnusable'; readonly text: string };

/** Sockets. All events arrive through `deliver`, in order. */
export interface Net {
  listen(options: ListenOptions, deliver: (event: ListenEvent) => void): { close(): void };
}

/** Memory in use. */
export interface Memory {
  /** Bytes that the whole process occupies. */
  usedBytes(): number;
  /** The share of this thread's heap that is in use, of what it may grow to. */
  heapShare(): number;
  /** Has the garbage of this thread's heap collected now, so that `heapShare` says what is really in use. Stops the thread. */
  collect(): void;
}

/** Everything of the outside that processes of one thread may use. */
export interface Env {
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly net: Net;
  /** Files of the data directory: those of the system on the control thread, on other threads one that always fails (ENODISK). */
  readonly disk: Disk;
  /** Absent where memory is not bounded, as in the simulator. */
  readonly memory?: Memory;
  /**
   * 65,536 words that every thread of the system sees, for use with `Atomics`: a SharedArrayBuffer that the
   * control thread makes and hands to each data thread (an ordinary array where there is one thread only). Who uses which
   * word is written where it is used.
   */
  readonly words: Int32Array;
  /** 65,536 cells of 64 bits that every thread of the system sees, in the same way; counters live in them (CNT-1). */
  readonly cells: BigInt64Array;
}
