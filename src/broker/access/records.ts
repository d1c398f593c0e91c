// Who may do what, as data (features 1.1, 1.6, 1.7): vhosts, users, permissions of a user in a vhost, and topic permissions
// of a user for an exchange. All of it is plain JSON; limits that are not set are null.

export interface VhostLimits {
  readonly connectionsMax: number | null;
  readonly queuesMax: number | null;
}

export interface VhostRecord {
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly limits: VhostLimits;
}

export interface UserLimits {
  readonly connectionsMax: number | null;
  /** Channels of all the user's connections together. */
  readonly channelsMax: number | null;
}

/** How RabbitMQ makes a password hash; its names of the algorithms are `rabbit_password_hashing_` and one of these. */
export type FastHashing = 'sha256' | 'sha512' | 'md5';

/** `scrypt` is ours: slow on purpose, and nothing that a RabbitMQ can import. */
export type HashingAlgorithm = FastHashing | 'scrypt';

export interface UserRecord {
  readonly name: string;
  /** Base64 of four bytes of salt and the hash of salt and password, as RabbitMQ exports it; '' for no password. */
  readonly passwordHash: string;
  readonly hashing: HashingAlgorithm;
  readonly tags: readonly string[];
  /** It may log in from the broker's own machine only. */
  readonly isLoopbackOnly: boolean;
  readonly limits: UserLimits;
}

/** What a user may do in a vhost: three regular expressions over the names of exchanges and queues; '' is nothing. */
export interface PermissionRecord {
  readonly user: string;
  readonly vhost: string;
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}

/** Which routing keys of one topic exchange a user may publish (`write`) and bind (`read`). */
export interface TopicPermissionRecord {
  readonly user: string;
  readonly vhost: string;
  readonly exchange: string;
  readonly write: string;
  readonly read: string;
}

/** Everything about access, in the order in which it was set. */
export interface AccessRecords {
  readonly vhosts: readonly VhostRecord[];
  readonly users: readonly UserRecord[];
  readonly permissions: readonly PermissionRecord[];
  readonly topicPermissions: readonly TopicPermissionRecord[];
}

export const NO_VHOST_LIMITS: VhostLimits = { connectionsMax: null, queuesMax: null };
export const NO_USER_LIMITS: UserLimits = { connectionsMax: null, channelsMax: null };

/** A vhost that has only a name. */
export function plainVhost(name: string): VhostRecord {
  return { name, description: '', tags: [], limits: NO_VHOST_LIMITS };
}
