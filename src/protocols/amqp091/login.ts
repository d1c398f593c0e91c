// The responses of the two mechanisms the server offers (digest 1.3).
import { CodecError, decodeTable } from './codec/index.ts';

export const MECHANISMS = 'AMQPLAIN PLAIN';

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
