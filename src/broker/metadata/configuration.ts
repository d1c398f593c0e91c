// The small configuration of a broker (DESIGN decision 14): its vhosts, users, permissions and policies, as one immutable
// value that immer changes. A user or vhost takes its permissions with it, a vhost its policies.
import { produce } from 'immer';
import type {
  AccessRecords,
  PermissionRecord,
  TopicPermissionRecord,
  UserRecord,
  VhostRecord,
} from '../access/index.ts';
import { plainVhost } from '../access/index.ts';
import { isPolicy, type Policy, type PolicyKey } from '../policies/index.ts';

export interface Configuration extends AccessRecords {
  /** Those of operators too. */
  readonly policies: readonly Policy[];
}

export const EMPTY_CONFIGURATION: Configuration = {
  vhosts: [],
  users: [],
  permissions: [],
  topicPermissions: [],
  policies: [],
};

/** Adds a vhost with nothing but a name where there is none of that name. */
export function withVhost(configuration: Configuration, vhost: string): Configuration {
  if (configuration.vhosts.some(({ name }) => name === vhost)) return configuration;
  return withVhostRecord(configuration, plainVhost(vhost));
}

/** Adds a vhost or replaces what is known of the one of that name. */
export function withVhostRecord(configuration: Configuration, record: VhostRecord): Configuration {
  return produce(configuration, (draft) => {
    place(draft.vhosts as VhostRecord[], record, ({ name }) => name === record.name);
  });
}

export function withoutVhost(configuration: Configuration, vhost: string): Configuration {
  return produce(configuration, (draft) => {
    draft.vhosts = draft.vhosts.filter(({ name }) => name !== vhost);
    draft.permissions = draft.permissions.filter((each) => each.vhost !== vhost);
    draft.topicPermissions = draft.topicPermissions.filter((each) => each.vhost !== vhost);
    draft.policies = draft.policies.filter((each) => each.vhost !== vhost);
  });
}

/** Adds a user or replaces the one of that name. */
export function withUser(configuration: Configuration, user: UserRecord): Configuration {
  return produce(configuration, (draft) => {
    place(draft.users as UserRecord[], user, ({ name }) => name === user.name);
  });
}

export function withoutUser(configuration: Configuration, user: string): Configuration {
  return produce(configuration, (draft) => {
    draft.users = draft.users.filter(({ name }) => name !== user);
    draft.permissions = draft.permissions.filter((each) => each.user !== user);
    draft.topicPermissions = draft.topicPermissions.filter((each) => each.user !== user);
  });
}

/** Sets what a user may do in a vhost, whatever it was before. */
export function withPermission(configuration: Configuration, permission: PermissionRecord): Configuration {
  const { user, vhost } = permission;
  return produce(configuration, (draft) => {
    place(draft.permissions as PermissionRecord[], permission, (each) => each.user === user && each.vhost === vhost);
  });
}

export function withoutPermission(configuration: Configuration, user: string, vhost: string): Configuration {
  return produce(configuration, (draft) => {
    draft.permissions = draft.permissions.filter((each) => each.user !== user || each.vhost !== vhost);
  });
}

/** Sets which routing keys of an exchange a user may use, whatever it was before. */
export function withTopicPermission(configuration: Configuration, permission: TopicPermissionRecord): Configuration {
  const { user, vhost, exchange } = permission;
  const isSame = (each: TopicPermissionRecord) =>
    each.user === user && each.vhost === vhost && each.exchange === exchange;
  return produce(configuration, (draft) => {
    place(draft.topicPermissions as TopicPermissionRecord[], permission, isSame);
  });
}

/** Without an exchange: those for every exchange of the vhost. */
export function withoutTopicPermission(
  configuration: Configuration,
  { user, vhost, exchange }: { readonly user: string; readonly vhost: string; readonly exchange: string | null },
): Configuration {
  return produce(configuration, (draft) => {
    draft.topicPermissions = draft.topicPermissions.filter(
      (each) => each.user !== user || each.vhost !== vhost || (exchange !== null && each.exchange !== exchange),
    );
  });
}

/** Adds a policy or replaces the one of that name. */
export function withPolicy(configuration: Configuration, policy: Policy): Configuration {
  return { ...configuration, policies: [...withoutPolicy(configuration, policy).policies, policy] };
}

export function withoutPolicy(configuration: Configuration, key: PolicyKey): Configuration {
  return { ...configuration, policies: configuration.policies.filter((policy) => !isPolicy(policy, key)) };
}

function place<T>(records: T[], record: T, isSame: (record: T) => boolean): void {
  const index = records.findIndex(isSame);
  if (index < 0) records.push(record);
  else records[index] = record;
}
