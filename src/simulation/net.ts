// Simulated sockets (DESIGN decision 1; reliability.md 2.a): the Net interface over ordinary memory and virtual time.
// Bytes arrive by timers of the receiver's thread, so when they come is part of the schedule; how they are cut into
// chunks is drawn from the seed. A byte stream keeps its order, has a window, and breaks like TCP: FIN behind what was
// written, RST at once.
import type { ListenEvent, Listening, ListenOptions, Net, SocketAddress } from '../env/index.ts';
import type { SeededRandom } from './random.ts';
import { SimSocket, type SocketHost } from './sim-socket.ts';

/** How the simulated network behaves. */
export interface NetOptions {
  /** Bytes take 0 to this long. Default 0: they come when nothing else is left to do, or earlier. */
  readonly latencyMs?: number;
  /** Chunks are cut into random pieces of 1 to so many bytes. Default: no cuts, what has come together is one chunk. */
  readonly segmentBytes?: number;
  /** Bytes that the network takes from a writer while the reader does not read. Default 65,536. */
  readonly windowBytes?: number;
}

/** What the network needs of the machine. */
export interface NetHost {
  /** The thread of the process that runs now. */
  readonly thread: number;
  readonly random: SeededRandom;
  /** Runs something on a thread later; the function that is returned takes it back. */
  after(thread: number, ms: number, run: () => void): () => void;
}

interface Listener {
  readonly thread: number;
  readonly deliver: (event: ListenEvent) => void;
  readonly cancels: Set<() => void>;
}

/** Where simulated clients seem to come from. */
const LOOPBACK = '127.0.0.1';
const FIRST_FREE_PORT = 49_152;

export class SimNet implements Net, SocketHost {
  readonly windowBytes: number;
  readonly segmentBytes: number;
  readonly sockets = new Set<SimSocket>();
  private readonly host: NetHost;
  private readonly latencyMs: number;
  private readonly listeners = new Map<number, Listener[]>();
  private lastPort = FIRST_FREE_PORT;
  private accepted = 0;
  private streams = 0;

  constructor(host: NetHost, { latencyMs = 0, segmentBytes = 0, windowBytes = 65_536 }: NetOptions) {
    this.host = host;
    this.latencyMs = latencyMs;
    this.segmentBytes = segmentBytes;
    this.windowBytes = windowBytes;
  }

  listen(options: ListenOptions, deliver: (event: ListenEvent) => void): { close(): void } {
    const { thread } = this.host;
    const tcpPort = options.tcpPort === 0 ? ++this.lastPort : options.tcpPort;
    const others = this.listeners.get(tcpPort) ?? [];
    const listener: Listener = { thread, deliver, cancels: new Set() };
    const isTaken = others.length > 0 && options.sharedBetweenThreads !== true;
    if (!isTaken) this.listeners.set(tcpPort, [...others, listener]);
    const close = () => this.closeListener(tcpPort, listener);
    const listening: Listening = { address: { host: options.host, tcpPort }, close };
    this.tell(
      listener,
      isTaken
        ? { tag: 'listenFailed', code: 'EADDRINUSE', text: `${tcpPort} is taken` }
        : { tag: 'listening', listening },
    );
    return { close };
  }

  /**
   * Connects the running process to a simulated listener. The socket can be written at once; where nobody listens it
   * hears `closed` with ECONNREFUSED. `host` is where it seems to come from.
   */
  connect(tcpPort: number, host = LOOPBACK): SimSocket {
    const { thread } = this.host;
    const listeners = this.listeners.get(tcpPort) ?? [];
    const local: SocketAddress = { host, tcpPort: ++this.lastPort };
    const remote: SocketAddress = { host: LOOPBACK, tcpPort };
    const client = new SimSocket(this, thread, ++this.streams, local, remote);
    const listener = listeners[this.accepted++ % Math.max(1, listeners.length)];
    if (listener === undefined) {
      client.break('ECONNREFUSED');
      return client;
    }
    const server = new SimSocket(this, listener.thread, client.stream, remote, local);
    client.join(server);
    this.tell(listener, { tag: 'accepted', socket: server });
    return client;
  }

  /** One end of each stream that is open, by the number of the stream. */
  joined(): ReadonlyMap<number, SimSocket> {
    const joined = new Map<number, SimSocket>();
    for (const socket of this.sockets) if (socket.isJoined) joined.set(socket.stream, socket);
    return joined;
  }

  /** Ends what a dead thread had: its listeners are gone, the other ends of its sockets hear of it. */
  threadDied(thread: number): void {
    for (const [tcpPort, listeners] of this.listeners) {
      for (const listener of listeners) if (listener.thread === thread) this.closeListener(tcpPort, listener);
    }
    for (const socket of [...this.sockets]) if (socket.thread === thread) socket.vanish();
  }

  get random(): SeededRandom {
    return this.host.random;
  }

  later(thread: number, run: () => void): () => void {
    const { latencyMs } = this;
    return this.host.after(thread, latencyMs === 0 ? 0 : this.host.random.below(latencyMs + 1), run);
  }

  private tell({ thread, deliver, cancels }: Listener, event: ListenEvent): void {
    const cancel = this.later(thread, () => {
      cancels.delete(cancel);
      deliver(event);
    });
    cancels.add(cancel);
  }

  private closeListener(tcpPort: number, listener: Listener): void {
    for (const cancel of listener.cancels) cancel();
    listener.cancels.clear();
    const left = (this.listeners.get(tcpPort) ?? []).filter((other) => other !== listener);
    if (left.length > 0) this.listeners.set(tcpPort, left);
    else this.listeners.delete(tcpPort);
  }
}

/** The network of a simulated process. Throws outside the simulator. */
export function simNet(context: { readonly env: { readonly net: Net } }): SimNet {
  const { net } = context.env;
  if (!(net instanceof SimNet)) throw new TypeError('only a process in a simulation has a simulated network');
  return net;
}
