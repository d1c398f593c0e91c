// What a user needs for each operation, and whether it has it (digest 12 "Permissions", B23, B25): the order of the checks
// and the texts are those of RabbitMQ 3.10.8, asked of it operation by operation.
import { type BrokerError, exchangeText, queueText } from '../errors.ts';
import type { Pattern } from './linear-pattern.ts';
import { compiledPattern, expandedPattern } from './patterns.ts';
import type { AccessRecords } from './records.ts';

export type Permission = 'configure' | 'write' | 'read';

/** One permission on one name, or on a routing key of a topic exchange. */
export type Need =
  | { readonly on: 'queue' | 'exchange'; readonly permission: Permission; readonly name: string }
  | {
      readonly on: 'topic';
      readonly permission: 'write' | 'read';
      readonly exchange: string;
      readonly routingKey: string;
    };

/** What somebody wants to do. `alternate` and `deadLetter` are exchanges that a declaration of something new names. */
export type Operation =
  | { readonly do: 'declareExchange'; readonly exchange: string; readonly alternate: string | null }
  | { readonly do: 'deleteExchange'; readonly exchange: string }
  | { readonly do: 'declareQueue'; readonly queue: string; readonly deadLetter: string | null }
  | { readonly do: 'deleteQueue' | 'purge' | 'consume' | 'get'; readonly queue: string }
  | {
      /** Unbinding needs the same. */
      readonly do: 'bind';
      readonly source: string;
      readonly destination: { readonly on: 'queue' | 'exchange'; readonly name: string };
      /** Where the source is a topic exchange, the routing key; else null. */
      readonly topic: string | null;
    }
  | { readonly do: 'publish'; readonly exchange: string; readonly topic: string | null };

/** What an operation needs, in the order in which it is checked. Passive declarations need nothing. */
export function needsOf(operation: Operation): readonly Need[] {
  switch (operation.do) {
    case 'declareExchange': {
      const { exchange: name, alternate } = operation;
      const needs: Need[] = [{ on: 'exchange', permission: 'configure', name }];
      if (alternate === null) return needs;
      return [
        ...needs,
        { on: 'exchange', permission: 'read', name },
        { on: 'exchange', permission: 'write', name: alternate },
      ];
    }
    case 'deleteExchange':
      return [{ on: 'exchange', permission: 'configure', name: operation.exchange }];
    case 'declareQueue': {
      const { queue: name, deadLetter } = operation;
      const needs: Need[] = [{ on: 'queue', permission: 'configure', name }];
      if (deadLetter === null) return needs;
      return [
        ...needs,
        { on: 'queue', permission: 'read', name },
        { on: 'exchange', permission: 'write', name: deadLetter },
      ];
    }
    case 'deleteQueue':
      return [{ on: 'queue', permission: 'configure', name: operation.queue }];
    case 'purge':
    case 'consume':
    case 'get':
      return [{ on: 'queue', permission: 'read', name: operation.queue }];
    case 'bind': {
      const { source, destination, topic } = operation;
      return [
        { ...destination, permission: 'write' },
        { on: 'exchange', permission: 'read', name: source },
        ...topicNeed('read', source, topic),
      ];
    }
    case 'publish': {
      const { exchange, topic } = operation;
      return [{ on: 'exchange', permission: 'write', name: exchange }, ...topicNeed('write', exchange, topic)];
    }
  }
}

function topicNeed(permission: 'write' | 'read', exchange: string, topic: string | null): readonly Need[] {
  return topic === null ? [] : [{ on: 'topic', permission, exchange, routingKey: topic }];
}

/** What a user has in a vhost, with its expressions compiled. */
export interface Grants {
  readonly user: string;
  readonly vhost: string;
  readonly patterns: Readonly<Record<Permission, Pattern | null>>;
  /** By topic exchange; empty for most users. */
  readonly topics: ReadonlyMap<string, Readonly<Record<'write' | 'read', Pattern | null>>>;
  /** Whether the user may publish under another name, by the tag `impersonator`. */
  readonly mayImpersonate: boolean;
}

/** What the user has in the vhost now. */
export function grantsOf(access: AccessRecords, user: string, vhost: string): Grants {
  const isTheirs = (each: { readonly user: string; readonly vhost: string }) =>
    each.user === user && each.vhost === vhost;
  const { configure = '', write = '', read = '' } = access.permissions.find(isTheirs) ?? {};
  const topic = (pattern: string) => compiledPattern(expandedPattern(pattern, user, vhost));
  return {
    user,
    vhost,
    patterns: { configure: compiledPattern(configure), write: compiledPattern(write), read: compiledPattern(read) },
    topics: new Map(
      access.topicPermissions
        .filter(isTheirs)
        .map((each) => [each.exchange, { write: topic(each.write), read: topic(each.read) }]),
    ),
    mayImpersonate: access.users.find(({ name }) => name === user)?.tags.includes('impersonator') === true,
  };
}

/** The name under which the default exchange is checked. */
const DEFAULT_EXCHANGE = 'amq.default';

/** The refusal of the first need that is not met, or null. */
export function refusalOf(grants: Grants, needs: readonly Need[]): BrokerError | null {
  for (const need of needs) {
    const { user, vhost } = grants;
    if (need.on === 'topic') {
      const topic = grants.topics.get(need.exchange);
      if (topic === undefined || topic[need.permission]?.test(need.routingKey)) continue;
      return refused(`topic '${need.routingKey}' in ${exchangeText(vhost, need.exchange)}`, user);
    }
    const name = need.on === 'exchange' && need.name === '' ? DEFAULT_EXCHANGE : need.name;
    if (grants.patterns[need.permission]?.test(name)) continue;
    return refused(need.on === 'queue' ? queueText(vhost, name) : exchangeText(vhost, name), user);
  }
  return null;
}

/** Whether a user may do something in a vhost: null, or the refusal with RabbitMQ's text. */
export function authorize(
  access: AccessRecords,
  user: string,
  vhost: string,
  operation: Operation,
): BrokerError | null {
  return refusalOf(grantsOf(access, user, vhost), needsOf(operation));
}

function refused(what: string, user: string): BrokerError {
  return { scope: 'channel', code: 403, text: `access to ${what} refused for user '${user}'` };
}
