// A warning for who listens to other machines and has left the first user its well-known password (reliability 2.e).
import { call } from '../../behaviours/index.ts';
import { context as currentContext, type Effects } from '../../process/index.ts';
import { FIRST_USER, isFastLogin, isLoopback, userNamed } from '../access/index.ts';
import { metadataPid } from './admin.ts';

/** Writes the warning for a broker that listens on `host`, where there is reason to. */
export function* warnOfDefaultLogin(host: string): Effects<void> {
  if (host === 'localhost' || isLoopback(host)) return;
  const { env } = yield* currentContext();
  const access = yield* call(yield* metadataPid(), { tag: 'configuration' }, Number.POSITIVE_INFINITY);
  const { name } = FIRST_USER;
  // Its name is its password.
  if (!isFastLogin(access, { user: name, password: name })) return;
  const fromAnywhere = userNamed(access, name)?.isLoopbackOnly === false;
  const event = fromAnywhere
    ? 'anybody who reaches this broker can log in: the default user has its default password'
    : 'the default user has its default password; it can log in from this machine only';
  env.logger.log('warning', event, { user: name, host });
}
