// Who has failed to log in too often (reliability 2.e): counted by source address and user together, so that nobody can lock
// out a user from elsewhere, in a table that is bounded whatever names are tried.

/** Failures within {@link WINDOW_MS} after which a pair is refused without a look at the password. */
export const FAILURES_MAX = 10;
/** How long failures count, ms; every try while refused begins it anew. */
export const WINDOW_MS = 10_000;
/** Pairs that are remembered; beyond it the one that was tried longest ago is forgotten. */
export const PAIRS_MAX = 10_000;

export class LoginThrottle {
  /** By pair, the one that was tried last at the end. */
  private readonly pairs = new Map<string, { failures: number; lastMs: number }>();

  /** Whether a try is to be refused unseen; it counts as a failure then. */
  refuses(host: string, user: string, nowMs: number): boolean {
    const known = this.pairs.get(keyOf(host, user));
    if (known === undefined || nowMs - known.lastMs >= WINDOW_MS || known.failures < FAILURES_MAX) return false;
    this.failed(host, user, nowMs);
    return true;
  }

  failed(host: string, user: string, nowMs: number): void {
    const key = keyOf(host, user);
    const known = this.pairs.get(key);
    const isFresh = known !== undefined && nowMs - known.lastMs < WINDOW_MS;
    this.pairs.delete(key);
    this.pairs.set(key, { failures: isFresh ? known.failures + 1 : 1, lastMs: nowMs });
    if (this.pairs.size <= PAIRS_MAX) return;
    for (const oldest of this.pairs.keys()) {
      this.pairs.delete(oldest);
      break;
    }
  }

  succeeded(host: string, user: string): void {
    this.pairs.delete(keyOf(host, user));
  }

  get size(): number {
    return this.pairs.size;
  }
}

function keyOf(host: string, user: string): string {
  return `${host} ${user}`;
}
