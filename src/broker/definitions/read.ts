// RabbitMQ's JSON of definitions, read and checked as a whole before anything of it is done (features 1.11): the first
// thing that is wrong is told with its place. Sections and parameters that mean nothing here are let through.
import {
  algorithmNamed,
  hashPassword,
  isPasswordHash,
  patternError,
  type UserRecord,
  type VhostLimits,
  type VhostRecord,
} from '../access/index.ts';
import { checkExchangeArguments, checkQueueArguments } from '../arguments.ts';
import type { BrokerError } from '../errors.ts';
import { isExchangeType } from '../exchange/index.ts';
import { type Policy, readPolicy } from '../policies/index.ts';
import { argumentsFromJson } from './arguments-json.ts';
import {
  type DefinedBinding,
  type DefinedExchange,
  type DefinedQueue,
  type Definitions,
  DefinitionsError,
} from './definitions.ts';
import { Entry } from './entry.ts';

/** As RabbitMQ's `loopback_users`, which is not in a definitions file. */
const LOOPBACK_USER = 'guest';

/**
 * Reads definitions from an object or its JSON text. `salt` is any text that nobody can guess, for users with a password in
 * place of its hash. Throws {@link DefinitionsError}.
 */
export function readDefinitions(given: unknown, salt: string): Definitions {
  const json = typeof given === 'string' ? parsed(given) : given;
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new DefinitionsError('definitions must be a JSON object');
  }
  const each = <T>(section: string, read: (entry: Entry) => T): T[] => {
    const entries = (json as Record<string, unknown>)[section] ?? [];
    if (!Array.isArray(entries)) throw new DefinitionsError(`${section} must be a list`);
    return entries.map((entry, index) => read(new Entry(section, index, entry)));
  };
  const limits = new Map<string, VhostLimits>();
  const operators = each('parameters', (entry) => readParameter(entry, limits)).filter((policy) => policy !== null);
  return {
    vhosts: each('vhosts', (entry) => readVhost(entry, limits)),
    users: each('users', (entry) => readUser(entry, salt)),
    permissions: each('permissions', readPermission),
    topicPermissions: each('topic_permissions', (entry) => {
      const { user, vhost, write, read } = { ...ends(entry), ...patterns(entry, ['write', 'read']) };
      return { user, vhost, exchange: entry.text('exchange'), write, read };
    }),
    policies: [...each('policies', (entry) => policyOf(entry, entry, false)), ...operators],
    exchanges: each('exchanges', readExchange).filter(({ name }) => name !== ''),
    queues: each('queues', readQueue),
    bindings: each('bindings', readBinding).filter(({ source }) => source !== ''),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DefinitionsError(`definitions are no JSON: ${(error as Error).message}`);
  }
}

function readVhost(entry: Entry, limits: ReadonlyMap<string, VhostLimits>): VhostRecord {
  const name = entry.text('name');
  const more = new Entry('vhosts', 0, entry.object('metadata'));
  const description = entry.text('description', more.text('description', ''));
  const tags = entry.value('tags') === undefined ? more.words('tags') : entry.words('tags');
  return { name, description, tags, limits: limits.get(name) ?? vhostLimits(entry, entry.object('limits')) };
}

function vhostLimits(entry: Entry, json: Readonly<Record<string, unknown>>): VhostLimits {
  return { connectionsMax: entry.limit(json, 'max-connections'), queuesMax: entry.limit(json, 'max-queues') };
}

function readUser(entry: Entry, salt: string): UserRecord {
  const name = entry.text('name');
  const algorithm = entry.text('hashing_algorithm', 'rabbit_password_hashing_sha256');
  const hashing = algorithmNamed(algorithm);
  if (hashing === null) throw entry.wrong(`hashing_algorithm '${algorithm}' is not known`);
  const password = entry.value('password');
  if (typeof password === 'string' && hashing === 'scrypt') throw entry.wrong('a password for scrypt has to be hashed');
  const passwordHash =
    typeof password === 'string' && hashing !== 'scrypt'
      ? hashPassword(password, `${salt} ${name}`, hashing)
      : entry.text('password_hash', '');
  if (passwordHash !== '' && !isPasswordHash(passwordHash, hashing)) {
    throw entry.wrong(`password_hash is no hash of ${hashing}`);
  }
  const limits = entry.object('limits');
  return {
    name,
    passwordHash,
    hashing,
    tags: entry.words('tags'),
    isLoopbackOnly: name === LOOPBACK_USER,
    limits: {
      connectionsMax: entry.limit(limits, 'max-connections'),
      channelsMax: entry.limit(limits, 'max-channels'),
    },
  };
}

function readPermission(entry: Entry) {
  return { ...ends(entry), ...patterns(entry, ['configure', 'write', 'read']) };
}

function ends(entry: Entry) {
  return { user: entry.text('user'), vhost: entry.text('vhost') };
}

function patterns<const K extends string>(entry: Entry, keys: readonly K[]): Readonly<Record<K, string>> {
  const read = keys.map((key) => {
    const pattern = entry.text(key);
    const why = patternError(pattern);
    if (why !== null) throw entry.wrong(`${key}: ${why}`);
    return [key, pattern];
  });
  return Object.fromEntries(read) as Record<K, string>;
}

/** Null for a parameter that is no operator policy; limits go into the map. */
function readParameter(entry: Entry, limits: Map<string, VhostLimits>): Policy | null {
  const component = entry.text('component');
  if (component === 'vhost-limits') limits.set(entry.text('vhost'), vhostLimits(entry, entry.object('value')));
  if (component !== 'operator_policy') return null;
  return policyOf(entry, new Entry('parameters', 0, entry.object('value')), true);
}

function policyOf(entry: Entry, value: Entry, isOperator: boolean): Policy {
  const policy = readPolicy(
    {
      vhost: entry.text('vhost'),
      name: entry.text('name'),
      pattern: value.value('pattern'),
      applyTo: value.value('apply-to'),
      priority: value.value('priority'),
      definition: value.object('definition'),
    },
    isOperator,
  );
  if ('why' in policy) throw entry.wrong(policy.why);
  return policy;
}

function readExchange(entry: Entry): DefinedExchange {
  const [vhost, name, type] = [entry.text('vhost'), entry.text('name'), entry.text('type')];
  if (!isExchangeType(type)) throw entry.wrong(`type '${type}' is not known`);
  const args = argumentsFromJson(entry.object('arguments'));
  refuse(entry, checkExchangeArguments({ vhost, name }, type, args));
  const [durable, autoDelete, internal] = [entry.flag('durable'), entry.flag('auto_delete'), entry.flag('internal')];
  return { vhost, name, type, durable, autoDelete, internal, arguments: args };
}

function readQueue(entry: Entry): DefinedQueue {
  const [vhost, name] = [entry.text('vhost'), entry.text('name')];
  const [durable, autoDelete] = [entry.flag('durable'), entry.flag('auto_delete')];
  const args = argumentsFromJson(entry.object('arguments'));
  refuse(entry, checkQueueArguments({ vhost, name }, { durable, autoDelete, exclusive: false, arguments: args }));
  return { vhost, name, durable, autoDelete, arguments: args };
}

function readBinding(entry: Entry): DefinedBinding {
  const destinationKind = entry.text('destination_type');
  if (destinationKind !== 'queue' && destinationKind !== 'exchange') {
    throw entry.wrong("destination_type must be 'queue' or 'exchange'");
  }
  return {
    vhost: entry.text('vhost'),
    source: entry.text('source'),
    destination: entry.text('destination'),
    destinationKind,
    routingKey: entry.text('routing_key', ''),
    arguments: argumentsFromJson(entry.object('arguments')),
  };
}

function refuse(entry: Entry, error: BrokerError | null): void {
  if (error !== null) throw entry.wrong(error.text);
}
