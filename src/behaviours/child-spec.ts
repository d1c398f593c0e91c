// Child specs and supervisor flags: their shape, their defaults, and one check of each with an error tag for every bad
// option (SUP-5, SUP-6, SUP-8, SUP-10, SUP-12). Pure.
import { type AnyBody, type Body, WAIT_MS_MAX } from '../process/index.ts';
import { describe, formatReason, isMfa, type Mfa, unknownIn } from '../term/index.ts';
import { START_OPTIONS, type StartOptions } from './start-link.ts';

/** When a child that ended is started again (SUP-4). */
export type Restart = 'permanent' | 'transient' | 'temporary';
/** How a child is stopped: killed at once, or asked and killed after so many ms, or waited for (SUP-8). */
export type Shutdown = 'brutalKill' | 'infinity' | number;
export type ChildType = 'worker' | 'supervisor';

/** What starts a child: a body (an Mfa for any placement, a definition or a function for `here`), its arguments, options. */
export interface ChildStart extends StartOptions {
  readonly body: AnyBody;
  readonly args?: readonly unknown[];
}

/** One child of a supervisor. */
export interface ChildSpec {
  /** Unique among the children of one supervisor. A dynamic supervisor does not need it. */
  readonly id?: string;
  readonly start: ChildStart;
  /** Default `permanent`. */
  readonly restart?: Restart;
  /** Whether its end counts for `autoShutdown` (SUP-12). Default false. */
  readonly significant?: boolean;
  /** Default 5,000 ms for a worker, `infinity` for a supervisor. */
  readonly shutdown?: Shutdown;
  /** Default `worker`. */
  readonly type?: ChildType;
}

/**
 * A child whose body takes the arguments `A`: those in the spec must be of these types, or the first of them, because a
 * template gets the rest from `startWith`. One that is named by an Mfa takes any. A spec that is made apart, for instance
 * by `map`, is a {@link ChildSpec}: say so, for its arguments are then not looked at.
 */
export interface ChildSpecFor<A extends readonly unknown[]> extends Omit<ChildSpec, 'start'> {
  readonly start: StartOptions & {
    // biome-ignore lint/suspicious/noExplicitAny: which messages a child takes is no business of its supervisor.
    readonly body: Body<any, A> | Mfa;
    readonly args?: NoInfer<Partial<A> & readonly unknown[]>;
  };
}

/** Children with the arguments `T`, one list for each. */
export type ChildSpecsFor<T extends readonly (readonly unknown[])[]> = {
  readonly [K in keyof T]: ChildSpecFor<T[K]>;
};

/** A checked spec with its defaults in place. */
export type CheckedSpec = Required<ChildSpec>;

export type Strategy = 'oneForOne' | 'oneForAll' | 'restForOne' | 'simpleOneForOne';
export type AutoShutdown = 'never' | 'anySignificant' | 'allSignificant';

/** How a supervisor treats its children. */
export interface SupervisorFlags {
  /** Default `oneForOne`. */
  readonly strategy?: Strategy;
  /** More restarts than this within `periodMs` end the supervisor (SUP-5). Default 1; Infinity allowed. */
  readonly intensity?: number;
  /** Default 5,000 ms. */
  readonly periodMs?: number;
  /** Default `never`. */
  readonly autoShutdown?: AutoShutdown;
}

export type CheckedFlags = Required<SupervisorFlags>;

/** Which option is bad, and its value as text. */
export interface SpecError {
  readonly tag:
    | 'badFlags'
    | 'badChildren'
    | 'badSpec'
    | 'badTimeout'
    | 'badId'
    | 'badStart'
    | 'badArgs'
    | 'badRestart'
    | 'badSignificant'
    | 'badShutdown'
    | 'badType'
    | 'duplicateId'
    | 'significantPermanent'
    | 'significantWithoutAutoShutdown'
    | 'badStrategy'
    | 'badIntensity'
    | 'badPeriod'
    | 'badAutoShutdown'
    | 'badMaxChildren'
    /** A name that is none of the options, most likely misspelt: `value` says which there are. */
    | 'unknownOption'
    | 'notOneTemplate';
  readonly value: string;
}

export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: SpecError };

const RESTARTS: readonly unknown[] = ['permanent', 'transient', 'temporary'];
const STRATEGIES: readonly unknown[] = ['oneForOne', 'oneForAll', 'restForOne', 'simpleOneForOne'];
const AUTO_SHUTDOWNS: readonly unknown[] = ['never', 'anySignificant', 'allSignificant'];
const WORKER_SHUTDOWN_MS = 5_000;
const DEFAULT_INTENSITY = 1;
const DEFAULT_PERIOD_MS = 5_000;

const FLAGS: Readonly<Record<keyof SupervisorFlags, true>> = {
  strategy: true,
  intensity: true,
  periodMs: true,
  autoShutdown: true,
};
const SPEC: Readonly<Record<keyof ChildSpec, true>> = {
  id: true,
  start: true,
  restart: true,
  significant: true,
  shutdown: true,
  type: true,
};
const START: Readonly<Record<keyof ChildStart, true>> = { body: true, args: true, ...START_OPTIONS };

/** Checks flags and fills in the defaults; `others` are names that may stand beside them. */
export function checkFlags(flags: SupervisorFlags, others: Readonly<Record<string, true>> = {}): Checked<CheckedFlags> {
  if (typeof flags !== 'object' || flags === null) return bad('badFlags', flags);
  // The spec of a function that is async or a generator would never be looked at.
  if (flags instanceof Promise || typeof (flags as { next?: unknown }).next === 'function')
    return bad('badFlags', describe(flags));
  const unknown = unknownOption(flags, { ...FLAGS, ...others });
  if (unknown !== null) return unknown;
  const {
    strategy = 'oneForOne',
    intensity = DEFAULT_INTENSITY,
    periodMs = DEFAULT_PERIOD_MS,
    autoShutdown = 'never',
  } = flags;
  if (!STRATEGIES.includes(strategy)) return bad('badStrategy', strategy);
  if (!isCount(intensity)) return bad('badIntensity', intensity);
  if (!(typeof periodMs === 'number' && periodMs > 0)) return bad('badPeriod', periodMs);
  if (!AUTO_SHUTDOWNS.includes(autoShutdown)) return bad('badAutoShutdown', autoShutdown);
  return { ok: true, value: { strategy, intensity, periodMs, autoShutdown } };
}

/** Checks one spec against its supervisor's flags and fills in the defaults. `needsId` is false for dynamic children. */
export function checkSpec(spec: ChildSpec, autoShutdown: AutoShutdown, needsId = true): Checked<CheckedSpec> {
  if (typeof spec !== 'object' || spec === null) return bad('badSpec', spec);
  const unknown = unknownOption(spec, SPEC);
  if (unknown !== null) return unknown;
  const { id = needsId ? undefined : '', start, restart = 'permanent', significant = false, type = 'worker' } = spec;
  const shutdown = spec.shutdown ?? (type === 'supervisor' ? 'infinity' : WORKER_SHUTDOWN_MS);
  if (typeof id !== 'string' || (needsId && id === '')) return bad('badId', id);
  if (typeof start !== 'object' || start === null || !isBody(start.body)) return bad('badStart', start);
  const unknownStart = unknownOption(start, START);
  if (unknownStart !== null) return unknownStart;
  if (start.args !== undefined && !Array.isArray(start.args)) return bad('badArgs', start.args);
  if (start.timeoutMs !== undefined && !isTime(start.timeoutMs)) return bad('badTimeout', start.timeoutMs);
  if (!RESTARTS.includes(restart)) return bad('badRestart', restart);
  if (typeof significant !== 'boolean') return bad('badSignificant', significant);
  if (!isShutdown(shutdown)) return bad('badShutdown', shutdown);
  if (type !== 'worker' && type !== 'supervisor') return bad('badType', type);
  // A significant child that always comes back would never shut anything down (SUP-12).
  if (significant && restart === 'permanent') return bad('significantPermanent', id);
  if (significant && autoShutdown === 'never') return bad('significantWithoutAutoShutdown', id);
  return { ok: true, value: { id, start, restart, significant, shutdown, type } };
}

/** Checks a list of specs, their ids included. */
export function checkSpecs(specs: readonly ChildSpec[], autoShutdown: AutoShutdown): Checked<readonly CheckedSpec[]> {
  if (!Array.isArray(specs)) return bad('badChildren', specs);
  const checked: CheckedSpec[] = [];
  const ids = new Set<string>();
  for (const spec of specs) {
    const one = checkSpec(spec, autoShutdown);
    if (!one.ok) return one;
    if (ids.has(one.value.id)) return bad('duplicateId', one.value.id);
    ids.add(one.value.id);
    checked.push(one.value);
  }
  return { ok: true, value: checked };
}

/** What is allowed but most likely a mistake, as a sentence; null when nothing is. */
export function warningFor(spec: CheckedSpec): string | null {
  if (spec.type !== 'supervisor') return null;
  if (spec.restart === 'transient') {
    return 'a transient supervisor is not restarted when it gives up, because it ends with shutdown: make it permanent (SUP-6)';
  }
  if (spec.shutdown !== 'infinity') return 'a supervisor with a finite shutdown time may leave orphans (SUP-8)';
  return null;
}

function isCount(value: unknown): value is number {
  return value === Number.POSITIVE_INFINITY || (Number.isInteger(value) && (value as number) >= 0);
}

function isShutdown(value: unknown): value is Shutdown {
  return value === 'brutalKill' || value === 'infinity' || (isTime(value) && isCount(value));
}

/** What a receive can wait: the stop of a supervisor must not fail at the time it was told to give. */
function isTime(value: unknown): value is number {
  return value === Number.POSITIVE_INFINITY || (typeof value === 'number' && value >= 0 && value <= WAIT_MS_MAX);
}

function isBody(body: unknown): boolean {
  if (typeof body === 'function' || isMfa(body)) return true;
  return typeof body === 'object' && body !== null && typeof (body as { handle?: unknown }).handle === 'function';
}

function unknownOption(given: object, known: Readonly<Record<string, true>>): ReturnType<typeof bad> | null {
  const name = unknownIn(given, known);
  return name === null ? null : bad('unknownOption', `${name}; there are: ${Object.keys(known).join(', ')}`);
}

/** The error for a bad option. */
export function bad(tag: SpecError['tag'], value: unknown): { readonly ok: false; readonly error: SpecError } {
  return { ok: false, error: { tag, value: textOf(value) } };
}

function textOf(value: unknown): string {
  if (typeof value === 'object') return formatReason(value);
  return typeof value === 'function' ? describe(value) : String(value);
}
