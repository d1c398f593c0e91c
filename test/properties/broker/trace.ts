// What really happened in one simulated broker, in the order of the steps: what every queue took, what every client was
// given, settled and lost. Clients, wrapped queues and killers write it; judge.ts reads it. One simulation at a time is
// under way in a process, so the trace of the present one is a variable here and needs no messages of its own.

/** One delivery or get, as a client saw it. */
export interface Given {
  readonly queue: string;
  readonly id: string;
  readonly redelivered: boolean;
  readonly noAck: boolean;
  /** The channel, and the consumer on it; a get has none. */
  readonly channel: string;
  readonly consumer: string | null;
}

/** What became of a delivery. */
export interface Settled {
  readonly queue: string;
  readonly id: string;
  readonly channel: string;
  readonly how: 'acked' | 'requeued' | 'rejected';
}

export class Trace {
  /** Ids by queue, in the order in which its actors took them. */
  readonly arrived = new Map<string, string[]>();
  /** Ids by channel and queue, in the order in which they were published. */
  readonly published = new Map<string, Map<string, string[]>>();
  readonly given: Given[] = [];
  readonly settled: Settled[] = [];
  /** What was in each queue when all clients had gone, in its order. */
  readonly drained = new Map<string, Given[]>();
  /** Kills of a queue's actor that were asked for. */
  readonly queueKills = new Map<string, number>();
  readonly killedChannels = new Set<string>();
  /** Channels whose connection was lost because another channel of it was killed, and those. */
  readonly lostChannels = new Set<string>();
  /** Queues that may have got messages back from a channel without a client's asking. */
  readonly returning = new Set<string>();
  /** `channel queue` where deliveries without acknowledgement may have been under way to a channel that ended. */
  readonly lossy = new Set<string>();

  kills(queue?: string): number {
    if (queue !== undefined) return this.queueKills.get(queue) ?? 0;
    return [...this.queueKills.values()].reduce((sum, kills) => sum + kills, 0);
  }

  publish(channel: string, queue: string, id: string): void {
    let queues = this.published.get(channel);
    if (queues === undefined) {
      queues = new Map();
      this.published.set(channel, queues);
    }
    listIn(queues, queue).push(id);
  }

  takes(queue: string, ids: readonly string[]): void {
    listIn(this.arrived, queue).push(...ids);
  }

  hasArrived(queue: string, id: string): boolean {
    return this.arrived.get(queue)?.includes(id) === true;
  }

  killQueue(queue: string): void {
    this.queueKills.set(queue, this.kills(queue) + 1);
    this.returning.add(queue);
  }
}

function listIn<T>(map: Map<string, T[]>, key: string): T[] {
  let list = map.get(key);
  if (list === undefined) {
    list = [];
    map.set(key, list);
  }
  return list;
}

let present = new Trace();

/** The trace of the simulation under way. */
export const trace = (): Trace => present;

/** Begins a simulation. */
export function newTrace(): Trace {
  present = new Trace();
  return present;
}
