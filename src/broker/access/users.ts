// Who a user is, and the rules of logging in (digest 1.4, 1.6): the password, the address, and the vhosts in which the user
// has any permission.
import { hashPassword, isPassword } from './password-hashes.ts';
import { type AccessRecords, NO_USER_LIMITS, type PermissionRecord, type UserRecord } from './records.ts';

/** What a new broker has, as RabbitMQ does: one vhost, and a user for the machine itself with every permission in it. */
export const FIRST_VHOST = '/';
export const FIRST_USER: UserRecord = {
  name: 'guest',
  passwordHash: hashPassword('guest', 'guest'),
  hashing: 'sha256',
  tags: ['administrator'],
  isLoopbackOnly: true,
  limits: NO_USER_LIMITS,
};
export const FIRST_PERMISSION: PermissionRecord = {
  user: FIRST_USER.name,
  vhost: FIRST_VHOST,
  configure: '.*',
  write: '.*',
  read: '.*',
};

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

type Users = Pick<AccessRecords, 'users'>;

export function userNamed({ users }: Users, user: string): UserRecord | undefined {
  return users.find(({ name }) => name === user);
}

/**
 * Whether the password is that of a user whose hash is a fast one; false for every other. How long it takes tells neither
 * about a password nor about a user.
 */
export function isFastLogin(access: Users, { user, password }: Credentials): boolean {
  const record = userNamed(access, user);
  const { passwordHash, hashing } = record ?? FIRST_USER;
  const isFast = hashing !== 'scrypt';
  const isRight = isPassword(password, isFast ? passwordHash : '', isFast ? hashing : 'sha256');
  return record !== undefined && isRight;
}

/** A user whose hash is a slow one: that one itself, or any for a name that has none. */
export function slowUser({ users }: Users, user: string): UserRecord | undefined {
  const slow = users.filter(({ hashing }) => hashing === 'scrypt');
  return slow.find(({ name }) => name === user) ?? slow[0];
}

/** Whether a peer at that address, whose name is proved otherwise (by its certificate), may be that user. */
export function mayBe(access: Users, user: string, peerHost: string): boolean {
  const record = userNamed(access, user);
  return record !== undefined && (!record.isLoopbackOnly || isLoopback(peerHost));
}

/** Whether a user may open a vhost, which may not exist. */
export function vhostAccess(
  { vhosts, permissions }: Pick<AccessRecords, 'vhosts' | 'permissions'>,
  vhost: string,
  user: string,
): 'ok' | 'missing' | 'refused' {
  if (!vhosts.some(({ name }) => name === vhost)) return 'missing';
  return permissions.some((each) => each.user === user && each.vhost === vhost) ? 'ok' : 'refused';
}

/** Whether an IP address is the machine itself: 127.0.0.0/8, ::1, and the former inside IPv6. */
export function isLoopback(host: string): boolean {
  return host === '::1' || /^(::ffff:)?127(\.\d{1,3}){3}$/i.test(host);
}
