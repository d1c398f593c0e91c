// How many connections, channels and queues there may be (features 1.11), and the texts when there are as many: those of
// RabbitMQ 3.10.8, in its order.
import { type BrokerError, preconditionFailed } from '../errors.ts';
import { type BrokerLimits, DEFAULT_LIMITS } from './profiles.ts';
import type { AccessRecords } from './records.ts';
import { userNamed, vhostAccess } from './users.ts';

/** How many there are already. */
export interface ConnectionCounts {
  readonly onNode: number;
  readonly inVhost: number;
  readonly ofUser: number;
}

/** Why a user who has logged in may not open a vhost now (530), or null. */
export function entryRefusal(
  access: AccessRecords,
  { user, vhost }: { readonly user: string; readonly vhost: string },
  { onNode, inVhost, ofUser }: ConnectionCounts,
  limits: BrokerLimits = DEFAULT_LIMITS,
): string | null {
  const { connectionsPerNode, connectionsPerVhost, connectionsPerUser } = limits;
  if (onNode >= connectionsPerNode)
    return `connection refused: node connection limit (${connectionsPerNode}) is reached`;
  const result = vhostAccess(access, vhost, user);
  if (result === 'missing') return `vhost ${vhost} not found`;
  const ofVhost = access.vhosts.find(({ name }) => name === vhost)?.limits.connectionsMax ?? connectionsPerVhost;
  if (isReached(ofVhost, inVhost)) {
    return `access to vhost '${vhost}' refused for user '${user}': connection limit (${ofVhost}) is reached`;
  }
  const own = userNamed(access, user)?.limits.connectionsMax ?? connectionsPerUser;
  if (isReached(own, ofUser)) return `connection refused for user '${user}': user connection limit (${own}) is reached`;
  return result === 'refused' ? `access to vhost '${vhost}' refused for user '${user}'` : null;
}

/** Whether how many connections there are decides over one more of that user in that vhost. */
export function isEntryLimited(
  access: AccessRecords,
  { user, vhost }: { readonly user: string; readonly vhost: string },
  { connectionsPerNode, connectionsPerVhost, connectionsPerUser }: BrokerLimits,
): boolean {
  const ofVhost = access.vhosts.find(({ name }) => name === vhost)?.limits.connectionsMax ?? connectionsPerVhost;
  const own = userNamed(access, user)?.limits.connectionsMax ?? connectionsPerUser;
  return [connectionsPerNode, ofVhost, own].some((limit) => limit !== Number.POSITIVE_INFINITY);
}

/** Why a user may not open one more channel (530), or null. */
export function channelRefusal(access: AccessRecords, user: string, open: number): string | null {
  const limit = userNamed(access, user)?.limits.channelsMax ?? null;
  if (!isReached(limit, open)) return null;
  return `number of channels opened for user '${user}' has reached the maximum allowed user limit of (${limit})`;
}

/** The refusal of one more queue in a vhost, or null. `count` is asked only where there is a limit. */
export function queueRefusal(
  access: AccessRecords,
  vhost: string,
  queue: string,
  count: () => number,
  { queuesPerVhost }: BrokerLimits = DEFAULT_LIMITS,
): BrokerError | null {
  const limit = access.vhosts.find(({ name }) => name === vhost)?.limits.queuesMax ?? queuesPerVhost;
  if (limit === Number.POSITIVE_INFINITY || !isReached(limit, count())) return null;
  return preconditionFailed(`cannot declare queue '${queue}': queue limit in vhost '${vhost}' (${limit}) is reached`);
}

/** The refusal of one more binding to a queue or exchange, or null. `count` is asked only where there is a limit. */
export function bindingRefusal(
  what: string,
  count: () => number,
  { bindingsPerQueue }: BrokerLimits,
): BrokerError | null {
  if (bindingsPerQueue === Number.POSITIVE_INFINITY || count() < bindingsPerQueue) return null;
  return preconditionFailed(
    `cannot bind ${what}: the limit of bindings (bindingsPerQueue, ${bindingsPerQueue}) is reached`,
  );
}

/** The refusal of a pattern for a topic exchange in which every publish would cost too much then, or null. */
export function patternRefusal(
  exchange: string,
  cost: { readonly there: number; readonly more: number } | null,
  { topicPlaces }: BrokerLimits,
): BrokerError | null {
  if (cost === null || cost.more === 0 || cost.there + cost.more <= topicPlaces) return null;
  return preconditionFailed(
    `cannot bind to exchange '${exchange}': the limit of places behind # (topicPlaces, ${topicPlaces}) is reached`,
  );
}

function isReached(limit: number | null, count: number): boolean {
  return limit !== null && count >= limit;
}
