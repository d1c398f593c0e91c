// What an operator changes while the broker runs (features 1.1, 1.6, 1.7, 1.11): vhosts, users, permissions and limits.
// A promise resolves when the change is as safe as a declaration would be; one change is made after the other.
import { call, type ReplyOf } from '../../behaviours/index.ts';
import { type Context, type Effects, offload } from '../../process/index.ts';
import {
  type AccessEvent,
  algorithmName,
  algorithmNamed,
  HASH_SLOWLY,
  type HashingAlgorithm,
  hashPassword,
  NO_USER_LIMITS,
  NO_VHOST_LIMITS,
  type PermissionRecord,
  type TopicPermissionRecord,
  type UserLimits,
  type UserRecord,
  type VhostLimits,
  type VhostRecord,
} from '../access/index.ts';
import type { Configuration } from './configuration.ts';
import { METADATA_NAME, type MetadataCall, type MetadataPid } from './protocol.ts';

/** Thrown for a change that is refused: `notFound` names what does not exist, `invalid` what is no good. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
  readonly reason: 'notFound' | 'invalid';

  constructor(reason: 'notFound' | 'invalid', message: string) {
    super(message);
    this.reason = reason;
  }
}

/** What is not given stays as it is, or is nothing for a new vhost. */
export interface VhostSettings {
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly limits?: Partial<VhostLimits>;
}

/** What is not given stays as it is; a new user without a password cannot log in with one. */
export interface UserSettings {
  readonly name: string;
  /** In the clear; only its hash is kept. */
  readonly password?: string;
  /** As RabbitMQ exports it, instead of `password`. */
  readonly passwordHash?: string;
  /**
   * The algorithm of `passwordHash`, or the one that `password` is hashed with. Default `sha256`, for a new password that of
   * the old one. `scrypt` is slow on purpose, and nothing that a RabbitMQ can import.
   */
  readonly hashing?: HashingAlgorithm;
  readonly tags?: readonly string[];
  /** It may log in from the broker's own machine only. Default false. */
  readonly isLoopbackOnly?: boolean;
  readonly limits?: Partial<UserLimits>;
}

/** A user without what its password is checked with. */
export type UserView = Omit<UserRecord, 'passwordHash' | 'hashing'>;

type Perform = <T>(body: (context: Context<unknown>) => Effects<T>) => Promise<T>;

export class AccessAdmin {
  protected readonly perform: Perform;
  private last: Promise<unknown> = Promise.resolve();

  /** `perform` runs effects on the control thread of the broker's system. */
  constructor(perform: Perform) {
    this.perform = perform;
  }

  // ---- looking

  async vhosts(): Promise<readonly VhostRecord[]> {
    return (await this.configuration()).vhosts;
  }

  async users(): Promise<readonly UserView[]> {
    const { users } = await this.configuration();
    return users.map(({ passwordHash: _hash, hashing: _hashing, ...user }) => user);
  }

  async permissions(): Promise<readonly PermissionRecord[]> {
    return (await this.configuration()).permissions;
  }

  async topicPermissions(): Promise<readonly TopicPermissionRecord[]> {
    return (await this.configuration()).topicPermissions;
  }

  // ---- vhosts

  /** Adds a vhost, or changes what is given of one that is there. Nobody has permissions in a new one. */
  addVhost(name: string, settings: VhostSettings = {}): Promise<void> {
    return this.changeAccess(({ vhosts }) => {
      const known = vhosts.find((each) => each.name === name);
      const { description = known?.description ?? '', tags = known?.tags ?? [] } = settings;
      const limits = { ...(known?.limits ?? NO_VHOST_LIMITS), ...settings.limits };
      return { tag: 'vhostSet', record: { name, description, tags: [...tags], limits } };
    });
  }

  /** Deletes a vhost with all that is in it; its connections are closed with 320. */
  deleteVhost(vhost: string): Promise<void> {
    return this.changeAccess(() => ({ tag: 'vhostDeleted', vhost }));
  }

  /** Sets what is given; null takes a limit away. What is there already stays. */
  setVhostLimits(vhost: string, limits: Partial<VhostLimits>): Promise<void> {
    return this.changeAccess(({ vhosts }) => {
      const known = vhosts.find(({ name }) => name === vhost);
      if (known === undefined) throw new AdminError('notFound', `Virtual host ${vhost} does not exist`);
      return { tag: 'vhostSet', record: { ...known, limits: { ...known.limits, ...limits } } };
    });
  }

  // ---- users

  /** Adds a user, or changes what is given of one that is there. Connections stay open whatever changes. */
  setUser(settings: UserSettings): Promise<void> {
    const { name } = settings;
    return this.changeWith(function* ({ users }, context) {
      const known = users.find((each) => each.name === name);
      const secret = yield* secretOf(settings, known, context.env.ids.next(22));
      const { tags = known?.tags ?? [], isLoopbackOnly = known?.isLoopbackOnly ?? false } = settings;
      const limits = { ...(known?.limits ?? NO_USER_LIMITS), ...settings.limits };
      return { tag: 'userSet', user: { name, ...secret, tags: [...tags], isLoopbackOnly, limits } };
    });
  }

  /** Deletes a user with its permissions; its connections are closed with 320. */
  deleteUser(user: string): Promise<void> {
    return this.changeAccess(() => ({ tag: 'userDeleted', user }));
  }

  /** Sets what is given; null takes a limit away. What is open already stays. */
  setUserLimits(name: string, limits: Partial<UserLimits>): Promise<void> {
    return this.changeAccess(({ users }) => {
      const known = users.find((each) => each.name === name);
      if (known === undefined) throw new AdminError('notFound', `User ${name} does not exist`);
      return { tag: 'userSet', user: { ...known, limits: { ...known.limits, ...limits } } };
    });
  }

  // ---- permissions

  /** Sets all three expressions; '' allows nothing. Honoured by the next thing that a channel does. */
  setPermissions(permission: PermissionRecord): Promise<void> {
    const { user, vhost, configure, write, read } = permission;
    return this.changeAccess(() => ({ tag: 'permissionsSet', permission: { user, vhost, configure, write, read } }));
  }

  /** Takes all permissions in the vhost; the user cannot open it again. */
  clearPermissions(user: string, vhost: string): Promise<void> {
    return this.changeAccess(() => ({ tag: 'permissionsCleared', user, vhost }));
  }

  /** Limits the routing keys of one topic exchange; `{username}` and `{vhost}` stand for the user's own. */
  setTopicPermissions(permission: TopicPermissionRecord): Promise<void> {
    const { user, vhost, exchange, write, read } = permission;
    return this.changeAccess(() => ({
      tag: 'topicPermissionsSet',
      permission: { user, vhost, exchange, write, read },
    }));
  }

  /** Without an exchange: for all of the vhost. */
  clearTopicPermissions(user: string, vhost: string, exchange: string | null = null): Promise<void> {
    return this.changeAccess(() => ({ tag: 'topicPermissionsCleared', user, vhost, exchange }));
  }

  private configuration(): Promise<Configuration> {
    return this.perform((context) => ask(context, { tag: 'configuration' }));
  }

  private changeAccess(eventOf: (now: Configuration) => AccessEvent): Promise<void> {
    return this.changeWith((now) => eventOf(now));
  }

  /** What is made of the configuration may have to wait, such as for a hash. */
  private changeWith(
    eventOf: (now: Configuration, context: Context<unknown>) => AccessEvent | Effects<AccessEvent>,
  ): Promise<void> {
    const done = this.last.then(() =>
      this.perform(function* (context): Effects<void> {
        const made = eventOf(yield* ask(context, { tag: 'configuration' }), context);
        const event = 'tag' in made ? made : yield* made;
        const outcome = yield* ask(context, { tag: 'changeAccess', event });
        if (!outcome.ok) throw new AdminError(outcome.error.code === 404 ? 'notFound' : 'invalid', outcome.error.text);
      }),
    );
    this.last = done.catch(() => {});
    return done;
  }
}

type Secret = Pick<UserRecord, 'passwordHash' | 'hashing'>;

/** The hash of a user: made of a password, given, as it was, or none. */
function* secretOf(settings: UserSettings, known: UserRecord | undefined, salt: string): Effects<Secret> {
  const { name, password, passwordHash } = settings;
  if (password !== undefined && passwordHash !== undefined) {
    throw new AdminError('invalid', `user '${name}' has a password and a password hash`);
  }
  if (passwordHash !== undefined) return { passwordHash, hashing: settings.hashing ?? 'sha256' };
  if (password === undefined) return { passwordHash: known?.passwordHash ?? '', hashing: known?.hashing ?? 'sha256' };
  const hashing = settings.hashing ?? known?.hashing ?? 'sha256';
  if (algorithmNamed(algorithmName(hashing)) === null) {
    throw new AdminError('invalid', `hashing of user '${name}' is sha256, sha512, md5 or scrypt; got ${hashing}`);
  }
  if (hashing !== 'scrypt') return { passwordHash: hashPassword(password, salt, hashing), hashing };
  const made = yield* offload(HASH_SLOWLY, [password, salt]);
  if (!made.ok) throw made.error;
  return { passwordHash: made.value as string, hashing };
}

function ask<const Q extends MetadataCall>(context: Context<unknown>, request: Q): Effects<ReplyOf<MetadataCall, Q>> {
  const metadata = context.whereis(METADATA_NAME) as MetadataPid | undefined;
  if (metadata === undefined) throw new Error('the broker has stopped or is being restarted');
  return call(metadata, request as never, Number.POSITIVE_INFINITY) as Effects<ReplyOf<MetadataCall, Q>>;
}
