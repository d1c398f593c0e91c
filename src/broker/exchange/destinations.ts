// The destinations of a vhost as shared objects, one per queue or exchange, so that sets of them are sets of references;
// and counted sets of them, because several bindings may lead to the same place.

/** One place that Messages can go to. Compared by identity: a vhost's tables make each only once. */
export interface Destination {
  /** -1 for an exchange. */
  readonly queueId: number;
  /** The exchange's name; '' for a queue. */
  readonly exchange: string;
}

/** Destinations with the number of bindings that lead to each. */
export class DestinationSet {
  private readonly counts = new Map<Destination, number>();

  get isEmpty(): boolean {
    return this.counts.size === 0;
  }

  get size(): number {
    return this.counts.size;
  }

  /** The `index`th of them in the order in which they came. */
  at(index: number): Destination | undefined {
    let place = 0;
    for (const destination of this.counts.keys()) if (place++ === index) return destination;
    return undefined;
  }

  add(destination: Destination): void {
    this.counts.set(destination, (this.counts.get(destination) ?? 0) + 1);
  }

  remove(destination: Destination): void {
    const count = this.counts.get(destination) ?? 0;
    if (count > 1) this.counts.set(destination, count - 1);
    else this.counts.delete(destination);
  }

  /** Adds all of them to `found`. */
  addTo(found: Set<Destination>): void {
    for (const destination of this.counts.keys()) found.add(destination);
  }
}
