// Changes of who may do what, and which of them are refused (features 1.1, 1.6, 1.7): what is named has to exist, and
// expressions, hashes and limits have to be ones. Texts are those of RabbitMQ's command line where it has one.
import type { BrokerError } from '../errors.ts';
import { isPasswordHash } from './password-hashes.ts';
import { patternError } from './patterns.ts';
import type { AccessRecords, PermissionRecord, TopicPermissionRecord, UserRecord, VhostRecord } from './records.ts';

export type AccessEvent =
  /** A vhost is added or gets other properties. */
  | { readonly tag: 'vhostSet'; readonly record: VhostRecord }
  /** All that is in it goes with it; its queues were deleted before. */
  | { readonly tag: 'vhostDeleted'; readonly vhost: string }
  | { readonly tag: 'userSet'; readonly user: UserRecord }
  | { readonly tag: 'userDeleted'; readonly user: string }
  | { readonly tag: 'permissionsSet'; readonly permission: PermissionRecord }
  | { readonly tag: 'permissionsCleared'; readonly user: string; readonly vhost: string }
  | { readonly tag: 'topicPermissionsSet'; readonly permission: TopicPermissionRecord }
  | {
      readonly tag: 'topicPermissionsCleared';
      readonly user: string;
      readonly vhost: string;
      /** Null: for every exchange. */
      readonly exchange: string | null;
    };

const NAME_BYTES_MAX = 255;
const encoder = new TextEncoder();

/** Why a change is refused: 404 for what does not exist, 406 for what is no good. Null for a good one. */
export function changeRefusal(access: AccessRecords, event: AccessEvent): BrokerError | null {
  switch (event.tag) {
    case 'vhostSet':
      return nameError('vhost', event.record.name) ?? limitsError(event.record.limits);
    case 'userSet': {
      const { name, passwordHash, hashing, limits } = event.user;
      if (passwordHash !== '' && !isPasswordHash(passwordHash, hashing)) {
        return invalid(`the password hash of user '${name}' is not one of ${hashing}`);
      }
      return nameError('user', name) ?? limitsError(limits);
    }
    case 'vhostDeleted':
      return missing(access, null, event.vhost);
    case 'userDeleted':
      return missing(access, event.user, null);
    case 'permissionsCleared':
    case 'topicPermissionsCleared':
      return missing(access, event.user, event.vhost);
    case 'permissionsSet': {
      const { user, vhost, configure, write, read } = event.permission;
      return missing(access, user, vhost) ?? patternsError([configure, write, read]);
    }
    case 'topicPermissionsSet': {
      const { user, vhost, write, read } = event.permission;
      return missing(access, user, vhost) ?? patternsError([write, read]);
    }
  }
}

function missing({ users, vhosts }: AccessRecords, user: string | null, vhost: string | null): BrokerError | null {
  const has = (records: readonly { readonly name: string }[], wanted: string) =>
    records.some(({ name }) => name === wanted);
  if (vhost !== null && !has(vhosts, vhost)) return absent(`Virtual host ${vhost} does not exist`);
  if (user !== null && !has(users, user)) return absent(`User ${user} does not exist`);
  return null;
}

function nameError(what: string, name: string): BrokerError | null {
  if (name === '') return invalid(`the name of a ${what} is empty`);
  const isLong = encoder.encode(name).length > NAME_BYTES_MAX;
  return isLong ? invalid(`the name of a ${what} has more than ${NAME_BYTES_MAX} bytes`) : null;
}

function patternsError(patterns: readonly string[]): BrokerError | null {
  for (const pattern of patterns) {
    const why = patternError(pattern);
    if (why !== null) return invalid(`regular expression '${pattern.slice(0, 100)}' is invalid: ${why}`);
  }
  return null;
}

function limitsError(limits: object): BrokerError | null {
  for (const [name, limit] of Object.entries(limits)) {
    if (limit !== null && !(Number.isSafeInteger(limit) && limit >= 0)) {
      return invalid(`${name} is a whole number that is not negative, or null; got ${limit}`);
    }
  }
  return null;
}

function absent(text: string): BrokerError {
  return { scope: 'channel', code: 404, text };
}

function invalid(text: string): BrokerError {
  return { scope: 'channel', code: 406, text };
}
