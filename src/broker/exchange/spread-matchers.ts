// Exchanges that spread Messages over what is bound to them, each Message to one place: x-random and x-local-random by
// chance, x-modulus-hash by the hash of the key, x-consistent-hash by the hash of the key, a header or a property over
// bindings with weights.
import type { FieldTable } from '../field-table.ts';
import { textOf, valueText } from '../field-table.ts';
import { type Destination, DestinationSet } from './destinations.ts';
import type { MessageReader } from './reader.ts';

/** One of all places, each as likely as the others. */
export class RandomMatcher {
  private readonly places = new DestinationSet();
  private drawn = 0;

  add(_routingKey: string, _args: FieldTable, destination: Destination): void {
    this.places.add(destination);
  }

  remove(_routingKey: string, _args: FieldTable, destination: Destination): void {
    this.places.remove(destination);
  }

  match(_routingKey: string, _read: MessageReader, found: Set<Destination>): void {
    const { size } = this.places;
    const place = size === 0 ? undefined : this.places.at(mixed(++this.drawn) % size);
    if (place !== undefined) found.add(place);
  }
}

/** The place whose number is the hash of the key modulo how many there are. */
export class ModulusMatcher {
  private readonly places = new DestinationSet();

  add(_routingKey: string, _args: FieldTable, destination: Destination): void {
    this.places.add(destination);
  }

  remove(_routingKey: string, _args: FieldTable, destination: Destination): void {
    this.places.remove(destination);
  }

  match(routingKey: string, _read: MessageReader, found: Set<Destination>): void {
    const { size } = this.places;
    const place = size === 0 ? undefined : this.places.at(hashOf(routingKey) % size);
    if (place !== undefined) found.add(place);
  }
}

/** What a consistent-hash exchange hashes. */
export type HashSource =
  | { readonly by: 'routingKey' }
  | { readonly by: 'header'; readonly name: string }
  | { readonly by: 'property'; readonly name: string };

/** Reads the arguments of a declared x-consistent-hash exchange. */
export function hashSource(args: FieldTable): HashSource {
  const header = textOf(args.get('hash-header'));
  if (header !== null) return { by: 'header', name: header };
  const property = textOf(args.get('hash-property'));
  return property === null ? { by: 'routingKey' } : { by: 'property', name: property };
}

interface Bucket {
  readonly destination: Destination;
  /** Pseudo-random, the same for the same place and bucket: which bucket wins for a hash is the highest mix of both. */
  readonly seed: number;
}

/** Weighted places (rendezvous hashing): a place that comes or goes moves only the Messages that are its share. */
export class ConsistentHashMatcher {
  private readonly source: HashSource;
  private buckets: Bucket[] = [];
  private readonly bindings = new Map<Destination, number>();

  constructor(source: HashSource) {
    this.source = source;
  }

  add(routingKey: string, _args: FieldTable, destination: Destination): void {
    // A second binding to the same place changes nothing, as in the plugin.
    const bindings = (this.bindings.get(destination) ?? 0) + 1;
    this.bindings.set(destination, bindings);
    if (bindings > 1) return;
    const name = destination.queueId < 0 ? destination.exchange : `#${destination.queueId}`;
    for (let bucket = 0; bucket < Number(routingKey); bucket++) {
      this.buckets.push({ destination, seed: hashOf(`${name} ${bucket}`) });
    }
  }

  remove(_routingKey: string, _args: FieldTable, destination: Destination): void {
    const bindings = (this.bindings.get(destination) ?? 0) - 1;
    if (bindings > 0) {
      this.bindings.set(destination, bindings);
      return;
    }
    this.bindings.delete(destination);
    this.buckets = this.buckets.filter((bucket) => bucket.destination !== destination);
  }

  match(routingKey: string, read: MessageReader, found: Set<Destination>): void {
    const hash = hashOf(this.hashed(routingKey, read));
    let best: Bucket | undefined;
    let highest = -1;
    for (const bucket of this.buckets) {
      const score = mixed(hash ^ bucket.seed);
      if (score <= highest) continue;
      highest = score;
      best = bucket;
    }
    if (best !== undefined) found.add(best.destination);
  }

  private hashed(routingKey: string, read: MessageReader): string {
    const { source } = this;
    if (source.by === 'routingKey') return routingKey;
    if (source.by === 'property') return read.property(source.name) ?? '';
    const field = read.headers()?.get(source.name);
    return field === undefined ? '' : (textOf(field) ?? valueText(field));
  }
}

/** FNV-1a over UTF-16 units, mixed; the same on every machine. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return mixed(hash);
}

function mixed(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
