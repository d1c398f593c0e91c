// Definitions become true (features 1.11): all of them are checked first, then users, vhosts, permissions and policies are
// set, whatever they were before, and exchanges, queues and bindings that are not there are declared. Done again it
// changes nothing.
import { call } from '../../behaviours/index.ts';
import { context as currentContext, type Effects } from '../../process/index.ts';
import { isReserved } from '../arguments.ts';
import { metadataPid } from '../metadata/admin.ts';
import type { MetadataEvent } from '../metadata/events.ts';
import type { MetadataPid } from '../metadata/protocol.ts';
import type { Outcome } from '../queue-server/protocol.ts';
import { type DefinedBinding, type Definitions, DefinitionsError } from './definitions.ts';
import { readDefinitions } from './read.ts';

const PATIENCE_MS = Number.POSITIVE_INFINITY;
const SALT_LENGTH = 24;

/** What there is, or will be: names behind their vhost, and vhosts and users alone. */
interface Names {
  readonly vhosts: Set<string>;
  readonly users: Set<string>;
  readonly queues: Set<string>;
  readonly exchanges: Set<string>;
}

/**
 * Imports RabbitMQ's JSON, as an object or a text. Throws {@link DefinitionsError}: before anything is changed for what is
 * wrong with the definitions; later only where the broker meanwhile refuses a declaration.
 */
export function* importDefinitions(given: unknown): Effects<void> {
  const context = yield* currentContext();
  const metadata = yield* metadataPid();
  const definitions = readDefinitions(given, context.env.ids.next(SALT_LENGTH));
  const { events } = yield* call(metadata, { tag: 'everything' }, PATIENCE_MS);
  const there = namesOf(events);
  checkReferences(definitions, there);
  yield* call(metadata, { tag: 'configure', events: configurationEvents(definitions) }, PATIENCE_MS);
  for (const { vhost, name, ...more } of definitions.exchanges) {
    if (there.exchanges.has(key(vhost, name)) || isReserved(name)) continue;
    const wanted = { vhost, name, passive: false, ...more };
    check(`exchange '${name}'`, yield* call(metadata, { tag: 'declareExchange', wanted }, PATIENCE_MS));
  }
  const connection = context.self;
  for (const queue of definitions.queues) {
    if (there.queues.has(key(queue.vhost, queue.name)) || isReserved(queue.name)) continue;
    const wanted = { ...queue, passive: false, exclusive: false, connection };
    check(`queue '${queue.name}'`, yield* call(metadata, { tag: 'declareQueue', wanted }, PATIENCE_MS));
  }
  for (const binding of definitions.bindings) yield* bind(metadata, binding);
}

function* bind(metadata: MetadataPid, binding: DefinedBinding): Effects<void> {
  const { vhost, source, destination, destinationKind, routingKey, arguments: args } = binding;
  const self = (yield* currentContext()).self;
  const common = { vhost, routingKey, arguments: args };
  // Queues that a server named are their clients' own, and come back with them.
  if (destinationKind === 'queue' && isReserved(destination)) return;
  if (destinationKind === 'queue') {
    const wanted = { ...common, exchange: source, queue: destination, connection: self };
    check(`binding of '${destination}'`, yield* call(metadata, { tag: 'bindQueue', wanted }, PATIENCE_MS));
    return;
  }
  const wanted = { ...common, source, destination };
  check(`binding of '${destination}'`, yield* call(metadata, { tag: 'bindExchange', wanted }, PATIENCE_MS));
}

function check(what: string, outcome: Outcome<unknown>): void {
  if (!outcome.ok) throw new DefinitionsError(`${what}: ${outcome.error.text}`);
}

function configurationEvents(definitions: Definitions): readonly MetadataEvent[] {
  return [
    ...definitions.vhosts.map((record): MetadataEvent => ({ tag: 'vhostSet', record })),
    ...definitions.users.map((user): MetadataEvent => ({ tag: 'userSet', user })),
    ...definitions.permissions.map((permission): MetadataEvent => ({ tag: 'permissionsSet', permission })),
    ...definitions.topicPermissions.map((permission): MetadataEvent => ({ tag: 'topicPermissionsSet', permission })),
    ...definitions.policies.map((policy): MetadataEvent => ({ tag: 'policySet', policy })),
  ];
}

const key = (vhost: string, name: string): string => JSON.stringify([vhost, name]);

function namesOf(events: readonly MetadataEvent[]): Names {
  const names: Names = { vhosts: new Set(), users: new Set(), queues: new Set(), exchanges: new Set() };
  for (const event of events) {
    if (event.tag === 'vhostSet') names.vhosts.add(event.record.name);
    else if (event.tag === 'userSet') names.users.add(event.user.name);
    else if (event.tag === 'queueDeclared') names.queues.add(key(event.record.vhost, event.record.name));
    else if (event.tag === 'exchangeDeclared') names.exchanges.add(key(event.vhost, event.record.name));
  }
  return names;
}

/** What an entry names has to be there or in the same definitions. */
function checkReferences(definitions: Definitions, there: Names): void {
  const named = (defined: readonly { readonly name: string }[]) => defined.map(({ name }) => name);
  const vhosts = new Set([...there.vhosts, ...named(definitions.vhosts)]);
  const users = new Set([...there.users, ...named(definitions.users)]);
  const { permissions, topicPermissions, policies, exchanges, queues, bindings } = definitions;
  const sections = { permissions, topic_permissions: topicPermissions, policies, exchanges, queues, bindings };
  for (const [section, entries] of Object.entries(sections)) {
    for (const [index, entry] of entries.entries()) {
      const { vhost } = entry;
      if (!vhosts.has(vhost)) throw new DefinitionsError(`${section}[${index}]: there is no vhost '${vhost}'`);
      if ('user' in entry && !users.has(entry.user)) {
        throw new DefinitionsError(`${section}[${index}]: there is no user '${entry.user}'`);
      }
    }
  }
  const queueKeys = new Set([...there.queues, ...queues.map(({ vhost, name }) => key(vhost, name))]);
  const exchangeKeys = new Set([...there.exchanges, ...exchanges.map(({ vhost, name }) => key(vhost, name))]);
  for (const [index, { vhost, source, destination, destinationKind }] of bindings.entries()) {
    const ends = [
      ['exchange', source, exchangeKeys],
      [destinationKind, destination, destinationKind === 'queue' ? queueKeys : exchangeKeys],
    ] as const;
    for (const [kind, name, keys] of ends) {
      if (isReserved(name) || keys.has(key(vhost, name))) continue;
      throw new DefinitionsError(`bindings[${index}]: there is no ${kind} '${name}' in vhost '${vhost}'`);
    }
  }
}
