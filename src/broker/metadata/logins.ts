// Logging in (digest 1.4, reliability 2.e): the throttle first, then the password against its hash. A slow hash is checked in
// the offload pool, a few at a time, and not again for a login that this thread has verified.
import { type Context, context as currentContext, type Effects, offload, sleep } from '../../process/index.ts';
import {
  type Credentials,
  IS_SLOW_PASSWORD,
  isFastLogin,
  LoginThrottle,
  mayBe,
  RefusalLog,
  slowUser,
  type UserRecord,
  VerifiedLogins,
} from '../access/index.ts';
import type { Configuration } from './configuration.ts';
import { awaitReplica, catchUp } from './thread-replica.ts';

const NAME_LENGTH_MAX = 255;
const LOCAL = 'broker.logins';
/** Slow checks under way at once for one thread; the others wait. */
const CHECKS_MAX = 4;
const LOOK_MS = 20;
/** A check that has not ended after so long belongs to a connection that has died. */
const CHECK_MS_MAX = 20_000;

/** What the connections of a thread share; it outlives whoever asks. */
interface Logins {
  readonly throttle: LoginThrottle;
  readonly refusals: RefusalLog;
  readonly verified: VerifiedLogins;
  /** When each slow check began, by the user's name. */
  readonly checks: Map<string, number>;
}

/**
 * Whether somebody at that address may log in. One who has failed too often is refused whatever the password; so is an
 * address that has, where there is a bound for it: failures in 10 s, the first caller's on this thread.
 */
export function* logIn(credentials: Credentials, peerHost: string, failuresPerAddress?: number): Effects<boolean> {
  const configuration = yield* configurationNow();
  const context = yield* currentContext();
  const { throttle, refusals } = loginsHere(context, failuresPerAddress);
  const { user } = credentials;
  // No user has such a name, and it is kept nowhere.
  if (user.length > NAME_LENGTH_MAX) return false;
  if (throttle.refuses(peerHost, user, context.now())) {
    refusals.tell(context, 'login refused: too many failures', { user, host: peerHost });
    return false;
  }
  const isRight = yield* isPasswordRight(context, configuration, credentials);
  const isGood = isRight && mayBe(configuration, user, peerHost);
  if (isGood) throttle.succeeded(peerHost, user);
  else {
    throttle.failed(peerHost, user, context.now());
    refusals.tell(context, 'login refused', { user, host: peerHost });
  }
  return isGood;
}

/** The same for a user whose name is proved by other means than a password. */
export function* logInByName(user: string, peerHost: string): Effects<boolean> {
  return mayBe(yield* configurationNow(), user, peerHost);
}

/** The configuration with everything that was done before. */
function* configurationNow(): Effects<Configuration> {
  const context = yield* currentContext();
  const replica = yield* awaitReplica(context);
  yield* catchUp(context, replica);
  return replica.tables.configuration;
}

function* isPasswordRight(context: Context, configuration: Configuration, credentials: Credentials): Effects<boolean> {
  const { user, password } = credentials;
  if (isFastLogin(configuration, credentials)) return true;
  // Where some hashes are slow, every failure takes as long as a slow one: nobody learns which users there are.
  const { verified } = loginsHere(context);
  const record = slowUser(configuration, user);
  if (record?.name !== user) {
    verified.forget(user);
    if (record !== undefined) yield* checkSlowly(context, record, user, password);
    return false;
  }
  if (verified.has(record, password)) return true;
  yield* turnToCheck(context, user);
  // The same login may just have been verified for another connection.
  if (verified.has(record, password)) return true;
  const isRight = yield* checkSlowly(context, record, user, password);
  if (isRight) verified.add(record, password);
  return isRight;
}

/** Waits until nobody checks a password of this user, so that a hundred that come back together cost one check. */
function* turnToCheck(context: Context, user: string): Effects<void> {
  const { checks } = loginsHere(context);
  while (isUnderWay(context, checks, user) || countUnderWay(context, checks) >= CHECKS_MAX) yield* sleep(LOOK_MS);
}

function* checkSlowly(
  context: Context,
  { passwordHash }: UserRecord,
  user: string,
  password: string,
): Effects<boolean> {
  yield* turnToCheck(context, user);
  const { checks } = loginsHere(context);
  checks.set(user, context.now());
  const result = yield* offload(IS_SLOW_PASSWORD, [password, passwordHash]);
  checks.delete(user);
  if (!result.ok) throw result.error;
  return result.value === true;
}

function isUnderWay(context: Context, checks: Map<string, number>, user: string): boolean {
  const since = checks.get(user);
  return since !== undefined && context.now() - since < CHECK_MS_MAX;
}

function countUnderWay(context: Context, checks: Map<string, number>): number {
  for (const [user, since] of checks) if (context.now() - since >= CHECK_MS_MAX) checks.delete(user);
  return checks.size;
}

function loginsHere({ kernel, env }: Pick<Context, 'kernel' | 'env'>, failuresPerAddress?: number): Logins {
  const known = kernel.locals.get(LOCAL) as Logins | undefined;
  if (known !== undefined) return known;
  const logins = {
    throttle: new LoginThrottle(failuresPerAddress),
    refusals: new RefusalLog(),
    verified: new VerifiedLogins(env.ids.next(43)),
    checks: new Map(),
  };
  kernel.locals.set(LOCAL, logins);
  return logins;
}
