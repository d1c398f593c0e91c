// Finds code named by module URL and export with the host's `import` (EXI-1: a missing export is the child's exit reason).
// A module that does not come is told in the log: one whose top level waits for a process of its own would be silent.
import { formatReason, type Mfa, reasonOf } from '../../term/index.ts';
import type { Logger } from '../index.ts';

type Outcome = { readonly body: unknown } | { readonly error: unknown };

/** Longer than any module takes that only defines things. */
const PATIENCE_MS = 5_000;

/** As Node names this file in its errors. */
const OWN_PATH = import.meta.filename;

type Exports = Readonly<Record<string, unknown>>;

/** Loads each module once and answers at once from then on, until it is told to load it again. */
export class HostLoader {
  private readonly modules = new Map<string, Exports>();
  /** Every version of the modules that were loaded again, the first at 0. Node forgets no module, nor is it forgotten here. */
  private readonly versions = new Map<string, Exports[]>();
  private readonly logger: Logger | null;
  private readonly patienceMs: number;

  constructor(logger: Logger | null = null, patienceMs = PATIENCE_MS) {
    this.logger = logger;
    this.patienceMs = patienceMs;
  }

  load(mfa: Mfa, done: (outcome: Outcome) => void): void {
    const loaded = this.modules.get(mfa.module);
    if (loaded !== undefined) {
      done(pick(loaded, mfa));
      return;
    }
    // It would be looked for beside this file, which nobody means.
    if (/^\.{1,2}\//.test(mfa.module)) {
      done({ error: `'${mfa.module}' is no URL: name a module by its import.meta.url` });
      return;
    }
    const late = setTimeout(() => this.tellLate(mfa.module), this.patienceMs).unref();
    import(mfa.module)
      .finally(() => clearTimeout(late))
      .then(
        (module: Readonly<Record<string, unknown>>) => {
          this.modules.set(mfa.module, module);
          done(pick(module, mfa));
        },
        (error: unknown) => done({ error: textOf(error) }),
      );
  }

  private tellLate(module: string): void {
    const text = 'its top level is still running: does it await something that needs a process of this module?';
    this.logger?.log('warning', 'module does not load', { module, forMs: this.patienceMs, text });
  }

  /** Loads a module again for those who ask for it from now on: under a URL of its own, since a URL is imported once (HOT-1). */
  reload(module: string, done: (outcome: { readonly version: number } | { readonly error: unknown }) => void): void {
    if (!URL.canParse(module)) {
      done({ error: `${module} is no URL` });
      return;
    }
    const url = new URL(module);
    url.searchParams.set('reload', String(++reloads));
    import(url.href).then(
      (exports: Exports) => {
        // Looked up now: another reload of the same module may have ended first.
        const before = this.modules.get(module);
        const versions = this.versions.get(module) ?? (before === undefined ? [] : [before]);
        versions.push(exports);
        this.versions.set(module, versions);
        this.modules.set(module, exports);
        done({ version: versions.length });
      },
      (error: unknown) => done({ error: textOf(error) }),
    );
  }

  /** What has taken the place of a loaded body, and the version (from 1) that the body was of; null when nothing has. */
  newest(body: unknown): { readonly body: unknown; readonly oldVersion: number } | null {
    for (const versions of this.versions.values()) {
      const last = versions[versions.length - 1];
      for (let index = 0; index < versions.length - 1; index++) {
        const name = Object.keys(versions[index]).find((key) => versions[index][key] === body);
        const found = name === undefined ? undefined : last[name];
        if (found !== undefined && found !== body) return { body: found, oldVersion: index + 1 };
      }
    }
    return null;
  }
}

/** Why an import failed. Node says who imported it, which is always this file: that would send the reader astray. */
function textOf(error: unknown): string {
  const text = formatReason(reasonOf(error));
  const at = text.indexOf(` imported from ${OWN_PATH}`);
  return at < 0 ? text : text.slice(0, at);
}

/** An import that failed is remembered by its URL as well: the next attempt needs another. */
let reloads = 0;

function pick(module: Readonly<Record<string, unknown>>, mfa: Mfa): Outcome {
  const body = module[mfa.export];
  if (typeof body === 'function' || (typeof body === 'object' && body !== null && 'handle' in body)) return { body };
  return { error: `${mfa.module} has no process body exported as '${mfa.export}'` };
}
