// How each type of exchange finds destinations (digest 5). A matcher holds the bindings of one exchange in the shape its
// rule needs; direct and fanout are here, topic and headers in files of their own.
import type { FieldTable } from '../field-table.ts';
import { type Destination, DestinationSet } from './destinations.ts';
import { type ExchangeRecord, routingTypeOf } from './exchange.ts';
import { HeadersMatcher } from './headers-matcher.ts';
import type { MessageReader } from './reader.ts';
import { ConsistentHashMatcher, hashSource, ModulusMatcher, RandomMatcher } from './spread-matchers.ts';
import { floatingPlaces, TopicTrie } from './topic-trie.ts';

/** The bindings of one exchange. `add` and `remove` are called once per distinct binding. */
export interface Matcher {
  add(routingKey: string, args: FieldTable, destination: Destination): void;
  remove(routingKey: string, args: FieldTable, destination: Destination): void;
  /** Adds to `found` where a Message with that key goes. `read` is asked only where needed. */
  match(routingKey: string, read: MessageReader, found: Set<Destination>): void;
}

/** What a pattern would add to the cost of each publish through a topic exchange, and what is there; null for other types. */
export function topicCost(matcher: Matcher, pattern: string): { readonly there: number; readonly more: number } | null {
  return matcher instanceof TopicTrie ? { there: matcher.floating, more: floatingPlaces(pattern) } : null;
}

/** Equal keys (type direct). */
export class DirectMatcher implements Matcher {
  private readonly byKey = new Map<string, DestinationSet>();

  add(routingKey: string, _args: FieldTable, destination: Destination): void {
    let destinations = this.byKey.get(routingKey);
    if (destinations === undefined) {
      destinations = new DestinationSet();
      this.byKey.set(routingKey, destinations);
    }
    destinations.add(destination);
  }

  remove(routingKey: string, _args: FieldTable, destination: Destination): void {
    const destinations = this.byKey.get(routingKey);
    destinations?.remove(destination);
    if (destinations?.isEmpty) this.byKey.delete(routingKey);
  }

  match(routingKey: string, _read: MessageReader, found: Set<Destination>): void {
    this.byKey.get(routingKey)?.addTo(found);
  }
}

/** Everything (type fanout). */
export class FanoutMatcher implements Matcher {
  private readonly destinations = new DestinationSet();

  add(_routingKey: string, _args: FieldTable, destination: Destination): void {
    this.destinations.add(destination);
  }

  remove(_routingKey: string, _args: FieldTable, destination: Destination): void {
    this.destinations.remove(destination);
  }

  match(_routingKey: string, _read: MessageReader, found: Set<Destination>): void {
    this.destinations.addTo(found);
  }
}

/** An empty matcher for an exchange. */
export function matcherFor(exchange: Pick<ExchangeRecord, 'type' | 'arguments'>): Matcher {
  switch (routingTypeOf(exchange)) {
    case 'direct':
      return new DirectMatcher();
    case 'fanout':
    case 'x-recent-history':
      return new FanoutMatcher();
    case 'topic':
      return new TopicTrie();
    case 'headers':
      return new HeadersMatcher();
    case 'x-random':
    case 'x-local-random':
      return new RandomMatcher();
    case 'x-modulus-hash':
      return new ModulusMatcher();
    case 'x-consistent-hash':
      return new ConsistentHashMatcher(hashSource(exchange.arguments));
    case 'x-delayed-message':
      throw new Error('an exchange that delays routes by another type');
  }
}
