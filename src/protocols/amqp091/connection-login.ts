// The login of a connection (digest 1.4, reliability 2.e): by password or by the name in the peer's certificate. A refusal
// may have to wait: nothing else of the connection is worth doing meanwhile, and no other one waits with it.
import { type BrokerLimits, logIn, logInByName } from '../../broker/index.ts';
import type { Socket } from '../../env/index.ts';
import { type Effects, sleep } from '../../process/index.ts';
import type { HandshakeStep } from './handshake.ts';
import { loginHost } from './login.ts';

export type LoginStep = Extract<HandshakeStep, { readonly do: 'login' | 'loginByCertificate' }>;

/** Who the client says it is, and whether it may log in. `certificateUser` is null where no certificate says. */
export function* tryLogin(
  step: LoginStep,
  socket: Socket,
  certificateUser: string | null,
  { loginRefusalMs, loginFailuresPerAddress }: BrokerLimits,
): Effects<{ readonly user: string; readonly isGood: boolean }> {
  const user = step.do === 'login' ? step.credentials.user : (certificateUser ?? '');
  const isGood =
    step.do === 'login'
      ? yield* logIn(step.credentials, loginHost(socket), loginFailuresPerAddress)
      : certificateUser !== null && (yield* logInByName(certificateUser, loginHost(socket)));
  if (!isGood && loginRefusalMs > 0) yield* sleep(loginRefusalMs);
  return { user, isGood };
}
