// One end of a simulated TCP stream, with the credit, the backlog and the endings of the host's sockets. Tests break it
// from outside: `break` is a reset, `stall` a network that passes nothing on.
import type { Socket, SocketAddress, SocketEvent } from '../env/index.ts';
import type { SeededRandom } from './random.ts';

/** Bytes waiting behind the window above which `write` says false, as on the host. */
const BACKLOG_BYTES_MAX = 1_048_576;
/** What has come together is one chunk up to this. */
const CHUNK_BYTES_MAX = 65_536;

/** What a socket needs of the network and the machine. */
export interface SocketHost {
  readonly windowBytes: number;
  /** 0 cuts nothing. */
  readonly segmentBytes: number;
  readonly random: SeededRandom;
  /** Every socket that is not closed. */
  readonly sockets: Set<SimSocket>;
  /** Runs something on a thread when the network has passed it on; the function that is returned takes it back. */
  later(thread: number, run: () => void): () => void;
}

export class SimSocket implements Socket {
  readonly thread: number;
  /** The number of its stream, from 1 on, in the order of connects: what faults name it by. */
  readonly stream: number;
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  private readonly host: SocketHost;
  private peer: SimSocket | null = null;
  private deliver: ((event: SocketEvent) => void) | null = null;
  /** What the other end has written and this one has not read; `null` is its FIN. */
  private readonly incoming: (Uint8Array | null)[] = [];
  private incomingBytes = 0;
  private credit = 0;
  private cancelArrival: (() => void) | null = null;
  private isStalled = false;
  /** Stalls that faults have made and not taken back. */
  private hangs = 0;
  /** Set by a fault: pieces of so many bytes; 0 leaves it to the network. */
  private pieceBytes = 0;
  private isReset = false;
  private wasFull = false;
  private hasEnded = false;
  private closed: { readonly error?: string } | null = null;

  constructor(host: SocketHost, thread: number, stream: number, local: SocketAddress, remote: SocketAddress) {
    this.host = host;
    this.thread = thread;
    this.stream = stream;
    this.local = local;
    this.remote = remote;
    host.sockets.add(this);
  }

  /** Makes this and another one the two ends of a stream. */
  join(peer: SimSocket): void {
    this.peer = peer;
    peer.peer = this;
  }

  get backlogBytes(): number {
    return Math.max(0, (this.peer?.incomingBytes ?? 0) - this.host.windowBytes);
  }

  get isClosed(): boolean {
    return this.closed !== null;
  }

  attach(deliver: (event: SocketEvent) => void): void {
    this.deliver = deliver;
    if (this.closed !== null) deliver({ tag: 'closed', socket: this, ...this.closed });
  }

  active(chunks: number): void {
    this.credit = chunks === 0 ? 0 : this.credit + chunks;
    this.expect();
  }

  write(bytes: Uint8Array): boolean {
    if (this.closed !== null || this.hasEnded || this.peer === null) return true;
    this.peer.incoming.push(bytes.slice());
    this.peer.incomingBytes += bytes.length;
    this.peer.expect();
    if (this.backlogBytes <= BACKLOG_BYTES_MAX) return true;
    this.wasFull = true;
    return false;
  }

  end(): void {
    if (this.closed !== null || this.hasEnded) return;
    this.hasEnded = true;
    this.peer?.incoming.push(null);
    this.peer?.expect();
  }

  destroy(): void {
    const { peer } = this;
    if (this.closed !== null) return;
    this.close({});
    peer?.resetSoon();
  }

  /** Ends the stream at both ends at once with an error, as when the network is cut. */
  break(error = 'ECONNRESET'): void {
    const { peer } = this;
    this.close({ error });
    peer?.close({ error });
  }

  /** Passes nothing on to either end until it is called with false: a network that hangs. */
  stall(isStalled: boolean): void {
    for (const end of [this, this.peer]) {
      if (end === null) continue;
      end.isStalled = isStalled;
      end.expect();
    }
  }

  /** A fault: the stream is reset, what is under way is lost, and each end hears of it for itself. */
  cut(): void {
    const { peer } = this;
    this.resetSoon();
    peer?.resetSoon();
  }

  /** A fault: as `stall`, and beside it; as often with -1 as with 1. */
  hang(by: 1 | -1): void {
    this.forBoth((end) => {
      end.hangs += by;
      end.expect();
    });
  }

  /** A fault: from now on everything comes in pieces of so many bytes; 0 leaves it to the network again. */
  segment(bytes: number): void {
    this.forBoth((end) => {
      end.pieceBytes = bytes;
    });
  }

  /** True for a stream that has two ends, of which one is open. */
  get isJoined(): boolean {
    return this.peer !== null && (this.closed === null || this.peer.closed === null);
  }

  private forBoth(change: (end: SimSocket) => void): void {
    change(this);
    if (this.peer !== null) change(this.peer);
  }

  private get passesNothing(): boolean {
    return this.isStalled || this.hangs > 0;
  }

  /** The other end, which hears of nothing while the network hangs. */
  get isPeerClosed(): boolean {
    return this.peer?.isClosed !== false;
  }

  /** Its thread is dead: nobody here hears anything any more. */
  vanish(): void {
    this.deliver = null;
    this.destroy();
  }

  private resetSoon(): void {
    if (this.closed !== null) return;
    this.isReset = true;
    if (this.passesNothing) return;
    this.cancelArrival?.();
    this.cancelArrival = this.host.later(this.thread, () => this.close({ error: 'ECONNRESET' }));
  }

  private close(how: { readonly error?: string }): void {
    if (this.closed !== null) return;
    this.closed = how;
    this.cancelArrival?.();
    this.cancelArrival = null;
    this.incoming.length = 0;
    this.incomingBytes = 0;
    this.host.sockets.delete(this);
    this.deliver?.({ tag: 'closed', socket: this, ...how });
  }

  /** What has come arrives later, if there is something and somebody may read it. */
  private expect(): void {
    if (this.isReset && !this.passesNothing) this.resetSoon();
    const head = this.incoming[0];
    if (this.cancelArrival !== null || this.closed !== null || head === undefined || this.passesNothing) return;
    if (head !== null && this.credit === 0) return;
    this.cancelArrival = this.host.later(this.thread, () => this.arrive());
  }

  private arrive(): void {
    this.cancelArrival = null;
    if (this.incoming[0] === null) {
      // As on the host, an end that hears FIN sends its own and is over.
      this.end();
      this.close({});
      return;
    }
    if (this.credit === 0 || this.passesNothing) return;
    this.credit--;
    const bytes = this.take();
    this.incomingBytes -= bytes.length;
    this.deliver?.({ tag: 'chunk', socket: this, bytes });
    this.peer?.readByPeer();
    this.expect();
  }

  private take(): Uint8Array {
    const { incoming } = this;
    const { segmentBytes, random } = this.host;
    const head = incoming[0] as Uint8Array;
    if (segmentBytes > 0 || this.pieceBytes > 0) {
      const length = Math.min(head.length, this.pieceBytes > 0 ? this.pieceBytes : 1 + random.below(segmentBytes));
      if (length === head.length) incoming.shift();
      else incoming[0] = head.subarray(length);
      return head.subarray(0, length);
    }
    let count = 1;
    let length = head.length;
    for (; incoming[count] != null && length < CHUNK_BYTES_MAX; count++)
      length += (incoming[count] as Uint8Array).length;
    const parts = incoming.splice(0, count) as Uint8Array[];
    return count === 1 ? head : joined(parts, length);
  }

  private readByPeer(): void {
    if (!this.wasFull || this.backlogBytes > 0 || this.closed !== null) return;
    this.wasFull = false;
    this.deliver?.({ tag: 'drained', socket: this });
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
