// Finds code named by module URL and export with the host's `import` (EXI-1: a missing export is the child's exit reason).
import { formatReason, type Mfa, reasonOf } from '../../term/index.ts';

type Outcome = { readonly body: unknown } | { readonly error: unknown };

/** Loads each module once and answers at once from then on. */
export class HostLoader {
  private readonly modules = new Map<string, Readonly<Record<string, unknown>>>();

  load(mfa: Mfa, done: (outcome: Outcome) => void): void {
    const loaded = this.modules.get(mfa.module);
    if (loaded !== undefined) {
      done(pick(loaded, mfa));
      return;
    }
    import(mfa.module).then(
      (module: Readonly<Record<string, unknown>>) => {
        this.modules.set(mfa.module, module);
        done(pick(module, mfa));
      },
      (error: unknown) => done({ error: formatReason(reasonOf(error)) }),
    );
  }
}

function pick(module: Readonly<Record<string, unknown>>, mfa: Mfa): Outcome {
  const body = module[mfa.export];
  if (typeof body === 'function' || (typeof body === 'object' && body !== null && 'handle' in body)) return { body };
  return { error: `${mfa.module} has no process body exported as '${mfa.export}'` };
}
