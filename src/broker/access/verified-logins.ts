// Logins that one thread has verified against a slow hash, so that a client that comes again costs a fast digest. What is
// kept is a digest under a key of the thread's own, good for exactly the hash that the password was verified against: it
// goes with the user, and with the user's password.
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { equalBytes } from './bytes.ts';
import type { UserRecord } from './records.ts';

/** Users that are remembered; beyond it the one that was verified longest ago is forgotten. */
export const VERIFIED_MAX = 10_000;

const encoder = new TextEncoder();

export class VerifiedLogins {
  private readonly key: Uint8Array;
  private readonly byUser = new Map<string, { readonly passwordHash: string; readonly digest: Uint8Array }>();

  /** `secret` is a text that nobody can guess. */
  constructor(secret: string) {
    this.key = encoder.encode(secret);
  }

  get size(): number {
    return this.byUser.size;
  }

  /** Whether this password was verified for the user as it is now. */
  has({ name, passwordHash }: UserRecord, password: string): boolean {
    const known = this.byUser.get(name);
    if (known === undefined) return false;
    if (known.passwordHash !== passwordHash) {
      this.byUser.delete(name);
      return false;
    }
    return equalBytes(this.digest(name, password), known.digest);
  }

  add({ name, passwordHash }: UserRecord, password: string): void {
    this.byUser.delete(name);
    this.byUser.set(name, { passwordHash, digest: this.digest(name, password) });
    if (this.byUser.size <= VERIFIED_MAX) return;
    for (const oldest of this.byUser.keys()) {
      this.byUser.delete(oldest);
      break;
    }
  }

  forget(name: string): void {
    this.byUser.delete(name);
  }

  private digest(name: string, password: string): Uint8Array {
    return hmac(sha256, this.key, encoder.encode(`${name.length} ${name}${password}`));
  }
}
