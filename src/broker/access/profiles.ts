// The limits of a broker, per profile (reliability 2.e): `rabbitmq` has RabbitMQ's own values wherever a client can see
// them, `hardened` has a finite one for each. One table of plain data; what is given explicitly wins over both.

/** What one broker bounds. Infinity is no bound. */
export interface BrokerLimits {
  /** Connections that are open at once on the broker; 530. */
  readonly connectionsPerNode: number;
  /** The same of one user, where the user's own limit does not say; 530. */
  readonly connectionsPerUser: number;
  /** The same in one vhost, where the vhost's own limit does not say; 530. */
  readonly connectionsPerVhost: number;
  /** Queues in one vhost, where the vhost's own limit does not say; 406. */
  readonly queuesPerVhost: number;
  /** Bindings that lead to one queue or exchange; 406. */
  readonly bindingsPerQueue: number;
  /** Consumers of one channel; 530. */
  readonly consumersPerChannel: number;
  /** Bytes of the body of one Message; 406. */
  readonly messageBytes: number;
  /** Headers of one Message, entries of tables in them counted; 406. */
  readonly headers: number;
  /** Entries of the tables in one method, nested ones and items of arrays counted; 502. */
  readonly tableEntries: number;
  /** Words of a routing key or pattern of a topic exchange; 406. */
  readonly topicWords: number;
  /** Places of patterns that are a `#` or behind one, in one topic exchange: each costs a step for every word; 406. */
  readonly topicPlaces: number;
  /** The shortest heartbeat a client may ask for, seconds; none at all is always allowed. 530. */
  readonly heartbeatMinS: number;
  /** Bytes of answers that wait for a client that does not read; beyond it nothing more is read from it. */
  readonly unreadAnswerBytes: number;
  /** Within how many ms a consumer whose user may not read any more is closed with 403; Infinity: it goes on. */
  readonly consumerRecheckMs: number;
  /** Ms that the refusal of a login waits, on its own connection only. */
  readonly loginRefusalMs: number;
  /** Failed logins of one address, whatever the user, in 10 s; beyond it a login is refused unseen. */
  readonly loginFailuresPerAddress: number;
  /** Bytes that have to be free on the disk. */
  readonly diskFreeBytes: number;
}

export type Profile = 'rabbitmq' | 'hardened';

const NONE = Number.POSITIVE_INFINITY;

/** The limits of each profile. */
export const PROFILES: Readonly<Record<Profile, BrokerLimits>> = {
  rabbitmq: {
    connectionsPerNode: NONE,
    connectionsPerUser: NONE,
    connectionsPerVhost: NONE,
    queuesPerVhost: NONE,
    bindingsPerQueue: NONE,
    consumersPerChannel: NONE,
    messageBytes: 134_217_728,
    headers: NONE,
    tableEntries: NONE,
    topicWords: NONE,
    topicPlaces: NONE,
    heartbeatMinS: 0,
    unreadAnswerBytes: 4_194_304,
    consumerRecheckMs: NONE,
    loginRefusalMs: 0,
    loginFailuresPerAddress: NONE,
    diskFreeBytes: 50_000_000,
  },
  hardened: {
    connectionsPerNode: 10_000,
    connectionsPerUser: 1_000,
    connectionsPerVhost: 2_000,
    queuesPerVhost: 10_000,
    bindingsPerQueue: 10_000,
    consumersPerChannel: 256,
    messageBytes: 16_777_216,
    headers: 256,
    tableEntries: 1_024,
    topicWords: 128,
    topicPlaces: 50_000,
    heartbeatMinS: 5,
    unreadAnswerBytes: 1_048_576,
    consumerRecheckMs: 500,
    loginRefusalMs: 3_000,
    loginFailuresPerAddress: 100,
    diskFreeBytes: 1_073_741_824,
  },
};

/** RabbitMQ's. */
export const DEFAULT_LIMITS: BrokerLimits = PROFILES.rabbitmq;

/** The limits of a profile with what is given instead. Throws RangeError for names and values that are none. */
export function limitsOf(profile: Profile, given: Partial<BrokerLimits> = {}): BrokerLimits {
  if (!Object.hasOwn(PROFILES, profile)) throw new RangeError(`profile must be rabbitmq or hardened, got ${profile}`);
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) throw new RangeError(`there is no limit '${name}'`);
    if (typeof value !== 'number' || !(value >= 0))
      throw new RangeError(`the limit ${name} must be at least 0, got ${value}`);
  }
  return { ...PROFILES[profile], ...given };
}
