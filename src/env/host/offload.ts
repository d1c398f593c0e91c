// Offloaded work where there is no pool: on the single-thread engine it runs on this thread, after the current turn.
import { type Mfa, reasonOf } from '../../term/index.ts';
import { HostLoader } from './loader.ts';

type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown };

/** Runs `mfa(...args)` soon; the returned function drops the result. */
export function offloadHere(mfa: Mfa, args: readonly unknown[], done: (outcome: Outcome) => void): () => void {
  let isWanted = true;
  const finish = (outcome: Outcome) => {
    if (isWanted) done(outcome);
  };
  new HostLoader().load(mfa, (loaded) => {
    setImmediate(() => {
      if ('error' in loaded) finish({ ok: false, error: loaded.error });
      else if (isWanted) {
        Promise.resolve()
          .then(() => (loaded.body as (...args: readonly unknown[]) => unknown)(...args))
          .then(
            (value) => finish({ ok: true, value }),
            (error: unknown) => finish({ ok: false, error: reasonOf(error) }),
          );
      }
    });
  });
  return () => {
    isWanted = false;
  };
}
