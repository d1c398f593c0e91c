// Events of the log as earlier versions of this program wrote them, turned into those of today: a user used to be one
// record with its password and the vhosts it may open, `all` where it is every one of them.
import { FIRST_VHOST, hashPassword, NO_USER_LIMITS, type UserRecord } from '../access/index.ts';
import type { MetadataEvent } from './events.ts';

interface FormerUser {
  readonly name: string;
  readonly password: string;
  readonly isLoopbackOnly: boolean;
  readonly vhosts: 'all' | readonly string[];
}

/** The events that a recorded one means today. */
export function presentEvents(event: MetadataEvent): readonly MetadataEvent[] {
  if (event.tag !== 'userSet' || !('password' in event.user)) return [event];
  const { name, password, isLoopbackOnly, vhosts } = event.user as UserRecord & FormerUser;
  const user: UserRecord = {
    name,
    passwordHash: hashPassword(password, name),
    hashing: 'sha256',
    tags: ['administrator'],
    isLoopbackOnly,
    limits: NO_USER_LIMITS,
  };
  // Those versions had one vhost only.
  const opened = vhosts === 'all' ? [FIRST_VHOST] : vhosts;
  const permissions = opened.map((vhost): MetadataEvent => {
    return { tag: 'permissionsSet', permission: { user: name, vhost, configure: '.*', write: '.*', read: '.*' } };
  });
  return [{ tag: 'userSet', user }, ...permissions];
}
