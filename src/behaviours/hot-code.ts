// Loading a module again on every thread of the system, in development (HOT-1); for one behaviour at a time see
// `changeCode` in sys.ts.
//
//   const [outcome] = yield* reloadModule(new URL('./counter.ts', import.meta.url).href);
import {
  type Context,
  context as currentContext,
  type Effects,
  isDown,
  type ReloadOutcome,
  receive,
  reloadHere,
} from '../process/index.ts';
import { checkName, type Mfa, type Ref } from '../term/index.ts';

interface Reloaded {
  readonly tag: '$reloaded';
  readonly outcome: ReloadOutcome;
}

const RELOADER: Mfa = { module: import.meta.url, export: 'codeReloader' };

/** The body of what loads code again on its thread; started by {@link reloadModule}. */
export function* codeReloader(context: Context<unknown>, to: Ref, module: string, extra: unknown): Effects<void> {
  context.send(to, { tag: '$reloaded', outcome: yield* reloadHere(module, extra) } satisfies Reloaded);
}

/**
 * Loads a module again on every thread: what is started by its name from now on, restarts by supervisors included, runs
 * the new code, and so does every handler and behaviour that runs already, from its next message on; its `codeChange` gets
 * `extra`. One outcome for each thread, by number. For development: the memory of the old code is not given back.
 */
export function* reloadModule(module: string, extra: unknown = null): Effects<readonly ReloadOutcome[]> {
  checkName('reloadModule', module);
  const context = yield* currentContext();
  const outcomes: ReloadOutcome[] = [];
  const alias = context.alias();
  try {
    for (let thread = 0; ; thread++) {
      const ref = begin(context, alias, thread, module, extra);
      if (ref === null) return outcomes;
      const isNews = (message: unknown): boolean =>
        isDown(message, ref) || (message as Partial<Reloaded> | null)?.tag === '$reloaded';
      const news = (yield* receive(isNews)) as Reloaded | { readonly tag: 'DOWN'; readonly reason: unknown };
      outcomes.push(news.tag === '$reloaded' ? news.outcome : { ok: false, error: news.reason });
      context.demonitor(ref, { flush: true });
    }
  } finally {
    context.unalias(alias);
  }
}

/** Null when there is no such thread. */
function begin(context: Context, alias: Ref, thread: number, module: string, extra: unknown): Ref | null {
  try {
    return context.spawnMonitor(RELOADER, [alias, module, extra], { placement: { thread } }).ref;
  } catch (error) {
    if ((error as Error).name === 'NoThreadError') return null;
    throw error;
  }
}
