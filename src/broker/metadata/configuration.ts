// The small configuration of a broker (DESIGN decision 14): its vhosts and users, as one immutable value that immer
// changes, and the rules of logging in (digest 1.4, 1.6).
import { produce } from 'immer';

export interface UserRecord {
  readonly name: string;
  readonly password: string;
  /** It may log in from the broker's own machine only. */
  readonly isLoopbackOnly: boolean;
  /** The vhosts it may open; `all` for every one. */
  readonly vhosts: 'all' | readonly string[];
}

export interface Configuration {
  readonly vhosts: readonly string[];
  readonly users: readonly UserRecord[];
}

export const EMPTY_CONFIGURATION: Configuration = { vhosts: [], users: [] };

/** What a new broker has, as RabbitMQ does: one vhost, and a user for the machine itself. */
export const FIRST_VHOST = '/';
export const FIRST_USER: UserRecord = { name: 'guest', password: 'guest', isLoopbackOnly: true, vhosts: 'all' };

export function withVhost(configuration: Configuration, vhost: string): Configuration {
  return produce(configuration, (draft) => {
    if (!draft.vhosts.includes(vhost)) draft.vhosts.push(vhost);
  });
}

/** Adds a user or replaces the one of that name. */
export function withUser(configuration: Configuration, user: UserRecord): Configuration {
  return produce(configuration, (draft) => {
    draft.users = [...draft.users.filter(({ name }) => name !== user.name), user as (typeof draft.users)[number]];
  });
}

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Whether a peer at that address may log in. How long it takes tells nothing about a password. */
export function mayLogIn({ users }: Configuration, { user, password }: Credentials, peerHost: string): boolean {
  const record = users.find(({ name }) => name === user);
  const isRight = equalSecrets(password, record?.password ?? '');
  return record !== undefined && isRight && (!record.isLoopbackOnly || isLoopback(peerHost));
}

/** Whether a peer at that address, whose name is proved otherwise (by its certificate), may be that user. */
export function mayBe({ users }: Configuration, user: string, peerHost: string): boolean {
  const record = users.find(({ name }) => name === user);
  return record !== undefined && (!record.isLoopbackOnly || isLoopback(peerHost));
}

/** Whether a user may open a vhost, which may not exist. */
export function vhostAccess(
  { vhosts, users }: Configuration,
  vhost: string,
  user: string,
): 'ok' | 'missing' | 'refused' {
  if (!vhosts.includes(vhost)) return 'missing';
  const record = users.find(({ name }) => name === user);
  return record?.vhosts === 'all' || record?.vhosts.includes(vhost) === true ? 'ok' : 'refused';
}

/** Whether an IP address is the machine itself: 127.0.0.0/8, ::1, and the former inside IPv6. */
export function isLoopback(host: string): boolean {
  return host === '::1' || /^(::ffff:)?127(\.\d{1,3}){3}$/i.test(host);
}

/** Compares in a time that depends on the length of `given` only. */
function equalSecrets(given: string, wanted: string): boolean {
  let difference = given.length ^ wanted.length;
  for (let index = 0; index < given.length; index++) {
    difference |= given.charCodeAt(index) ^ (index < wanted.length ? wanted.charCodeAt(index) : 0);
  }
  return difference === 0;
}
