// What runs in a thread of the offload pool: one call of one exported function, with terms in and a term out (SCH-5).
import { isMfa, reasonOf } from '../term/index.ts';
import { decodeTerm, encodeTerm, Identities } from '../wire/index.ts';
import { markWorker } from './worker-mark.ts';

markWorker();

/** The work as it travels: the encoded `[mfa, args]`. */
export interface OffloadTask {
  readonly node: string;
  readonly work: Uint8Array<ArrayBuffer>;
}

/** Resolves with the encoded OffloadResult; it never rejects for what the function does. */
export default async function run({ node, work }: OffloadTask): Promise<Uint8Array<ArrayBuffer>> {
  // A worker has no processes: an origin that is nobody's, so that every pid is a foreign one here.
  const identities = new Identities({ node, thread: 255, incarnation: 0 });
  const failed = (thrown: unknown) => encodeTerm({ ok: false, error: reasonOf(thrown) }, identities);
  try {
    const [mfa, args] = decodeTerm(work, identities) as [unknown, readonly unknown[]];
    if (!isMfa(mfa)) throw new TypeError('offload needs { module, export }');
    const module = (await import(mfa.module)) as Readonly<Record<string, unknown>>;
    const call = module[mfa.export];
    if (typeof call !== 'function') throw new TypeError(`${mfa.module} has no function '${mfa.export}'`);
    const value: unknown = await (call as (...args: readonly unknown[]) => unknown)(...args);
    return encodeTerm({ ok: true, value }, identities);
  } catch (error) {
    return failed(error);
  }
}
