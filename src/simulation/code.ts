// Code named by module and export inside a simulation. Modules are loaded before the run, so that it stays synchronous;
// `simulateAsync` may also load them while the simulated world stands still.
import type { AnyBody, OffloadResult } from '../process/index.ts';
import type { Loader } from '../scheduler/index.ts';
import type { Mfa } from '../term/index.ts';
import type { Settings } from './options.ts';

export type Modules = Settings['modules'];

/** Loads modules for the option `modules`, by URL: `await loadModules(import.meta.url)`. */
export async function loadModules(...urls: readonly string[]): Promise<Modules> {
  const modules = new Map<string, Readonly<Record<string, unknown>>>();
  for (const url of urls) modules.set(url, (await import(url)) as Readonly<Record<string, unknown>>);
  return modules;
}

/** What the loader needs of the world. */
interface LoadingWorld {
  readonly settings: { readonly modules: Modules };
  readonly loading: Set<Promise<unknown>>;
}

export function simLoader(world: LoadingWorld, isAsync: boolean): Loader {
  const late = new Map<string, Readonly<Record<string, unknown>>>();
  return {
    load(mfa, done) {
      const module = world.settings.modules.get(mfa.module) ?? late.get(mfa.module);
      if (module !== undefined) {
        done(bodyIn(module, mfa));
        return;
      }
      if (!isAsync) {
        done({ error: `${mfa.module} is not loaded: pass it in the option modules, or use simulateAsync` });
        return;
      }
      const loading = loadModules(mfa.module).then(
        (loaded) => {
          world.loading.delete(loading);
          late.set(mfa.module, loaded.get(mfa.module) ?? {});
          done(bodyIn(late.get(mfa.module) ?? {}, mfa));
        },
        (error: unknown) => {
          world.loading.delete(loading);
          done({ error: String(error) });
        },
      );
      world.loading.add(loading);
    },
  };
}

function bodyIn(module: Readonly<Record<string, unknown>>, mfa: Mfa): { body: AnyBody } | { error: unknown } {
  const body = module[mfa.export];
  if (typeof body === 'function' || (typeof body === 'object' && body !== null && 'handle' in body)) {
    return { body: body as AnyBody };
  }
  return { error: `${mfa.module} has no process body exported as '${mfa.export}'` };
}

type Offload = (mfa: Mfa, args: readonly unknown[], done: (result: OffloadResult) => void) => () => void;

/** Offloaded work runs at once and answers by a timer, so that its answer takes part in the schedule. */
export function simOffload(world: LoadingWorld, later: (run: () => void) => unknown): Offload {
  return (mfa, args, done) => {
    let isWanted = true;
    const result = offloadNow(world.settings.modules, mfa, args);
    later(() => {
      if (isWanted) done(result);
    });
    return () => {
      isWanted = false;
    };
  };
}

function offloadNow(modules: Modules, mfa: Mfa, args: readonly unknown[]): OffloadResult {
  const work = modules.get(mfa.module)?.[mfa.export];
  if (typeof work !== 'function') {
    return { ok: false, error: `${mfa.module} is not loaded or has no function '${mfa.export}'` };
  }
  try {
    return { ok: true, value: (work as (...args: readonly unknown[]) => unknown)(...args) };
  } catch (error) {
    return { ok: false, error: String(error) };
  }
}
