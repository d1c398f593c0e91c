// The mechanisms the server offers and the responses of those with a password (digest 1.3).
import { isLoopback } from '../../broker/index.ts';
import type { Socket } from '../../env/index.ts';
import { CodecError, decodeTable } from './codec/index.ts';
import type { CertificateLogin } from './settings.ts';

export const MECHANISMS = 'AMQPLAIN PLAIN';
/** Login by the certificate of a TLS peer, offered where the listener is set so (rabbitmq_auth_mechanism_ssl). */
export const EXTERNAL = 'EXTERNAL';

/** The user that a peer's certificate names; null where it shows none, or one that does not say. */
export function certificateUser({ peerCertificate }: Socket, from: CertificateLogin): string | null {
  return peerCertificate?.[from] || null;
}

/**
 * The address that a login counts as coming from. A PROXY header is a claim: it can take the broker's own machine away
 * from who stands behind a proxy there, and can never lend it (reliability 2.e).
 */
export function loginHost({ remote, direct = remote }: Socket): string {
  return isLoopback(direct.host) ? remote.host : direct.host;
}

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

const text = new TextDecoder('utf-8', { fatal: true });

/** The credentials of a start-ok, or null for a mechanism that is not offered or a malformed response. */
export function credentialsOf(mechanism: string, response: Uint8Array): Credentials | null {
  try {
    if (mechanism === 'PLAIN') return plain(response);
    return mechanism === 'AMQPLAIN' ? amqplain(response) : null;
  } catch (error) {
    // Bytes that are no text or no table are a malformed response; anything else is a bug.
    if (error instanceof CodecError || error instanceof TypeError) return null;
    throw error;
  }
}

/** `authzid NUL user NUL password`. */
function plain(response: Uint8Array): Credentials | null {
  const first = response.indexOf(0);
  const second = response.indexOf(0, first + 1);
  if (first < 0 || second < 0 || response.indexOf(0, second + 1) >= 0) return null;
  return {
    user: text.decode(response.subarray(first + 1, second)),
    password: text.decode(response.subarray(second + 1)),
  };
}

/** A field table without its length, with LOGIN and PASSWORD. */
function amqplain(response: Uint8Array): Credentials | null {
  const framed = new Uint8Array(response.length + 4);
  new DataView(framed.buffer).setUint32(0, response.length);
  framed.set(response, 4);
  const table = decodeTable(framed, 0, framed.length);
  const user = table.get('LOGIN')?.value;
  const password = table.get('PASSWORD')?.value;
  return typeof user === 'string' && typeof password === 'string' ? { user, password } : null;
}
