// Who has failed to log in too often (reliability 2.e): counted by source address and user together, so that nobody can lock
// out a user from elsewhere; and, where there is a limit, by address alone, for one that tries many users. Both in tables
// that are bounded whatever names are tried.

/** Failures within {@link WINDOW_MS} after which a pair is refused without a look at the password. */
export const FAILURES_MAX = 10;
/** How long failures count, ms; every try while refused begins it anew. */
export const WINDOW_MS = 10_000;
/** Pairs that are remembered; beyond it the one that was tried longest ago is forgotten. */
export const PAIRS_MAX = 10_000;

/** Addresses that are remembered, likewise. */
export const ADDRESSES_MAX = 10_000;

export class LoginThrottle {
  /** By pair, the one that was tried last at the end. */
  private readonly pairs = new Map<string, { failures: number; lastMs: number }>();
  /** By address, failures that have not leaked out of its bucket yet. */
  private readonly addresses = new Map<string, { level: number; atMs: number }>();
  private readonly perAddress: number;

  /** `perAddress`: failures of one address that fit into its bucket, which empties in {@link WINDOW_MS}; Infinity for any. */
  constructor(perAddress = Number.POSITIVE_INFINITY) {
    this.perAddress = perAddress;
  }

  /**
   * Whether a try is to be refused unseen. For the pair it counts as a failure then; the bucket of the address empties
   * whatever is tried meanwhile, so that others at that address have their turn.
   */
  refuses(host: string, user: string, nowMs: number): boolean {
    return this.refusesPair(host, user, nowMs) || this.levelOf(host, nowMs) > this.perAddress - 1;
  }

  private refusesPair(host: string, user: string, nowMs: number): boolean {
    const known = this.pairs.get(keyOf(host, user));
    if (known === undefined || nowMs - known.lastMs >= WINDOW_MS || known.failures < FAILURES_MAX) return false;
    this.pairFailed(host, user, nowMs);
    return true;
  }

  failed(host: string, user: string, nowMs: number): void {
    this.pairFailed(host, user, nowMs);
    if (this.perAddress === Number.POSITIVE_INFINITY) return;
    const level = this.levelOf(host, nowMs) + 1;
    this.addresses.delete(host);
    this.addresses.set(host, { level, atMs: nowMs });
    forgetOldest(this.addresses, ADDRESSES_MAX);
  }

  private levelOf(host: string, nowMs: number): number {
    const known = this.addresses.get(host);
    return known === undefined ? 0 : Math.max(0, known.level - ((nowMs - known.atMs) / WINDOW_MS) * this.perAddress);
  }

  private pairFailed(host: string, user: string, nowMs: number): void {
    const key = keyOf(host, user);
    const known = this.pairs.get(key);
    const isFresh = known !== undefined && nowMs - known.lastMs < WINDOW_MS;
    this.pairs.delete(key);
    this.pairs.set(key, { failures: isFresh ? known.failures + 1 : 1, lastMs: nowMs });
    forgetOldest(this.pairs, PAIRS_MAX);
  }

  /** The pair's failures are forgotten, not those of the address: who has one user may be guessing at others. */
  succeeded(host: string, user: string): void {
    this.pairs.delete(keyOf(host, user));
  }

  get size(): number {
    return Math.max(this.pairs.size, this.addresses.size);
  }
}

function forgetOldest(map: Map<string, unknown>, max: number): void {
  if (map.size <= max) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}

function keyOf(host: string, user: string): string {
  return `${host} ${user}`;
}
