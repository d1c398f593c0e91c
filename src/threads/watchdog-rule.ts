// When a thread is stuck, as a pure rule (SCH-6, DESIGN decision 7). A thread makes progress when its scheduler begins
// something or when its event loop has been idle; without either, time counts against it, but only time in which the
// watchdog itself was on time: a paused or starved machine adds nothing. At the bound the thread must also have burnt
// CPU, unless nobody can tell or it has been silent for three times the bound (a handler that blocks burns none).

/** What the watchdog sees of one thread at one tick. */
export interface Sighting {
  readonly beats: number;
  /** Total idle time of the thread's event loop so far, or null when it is not known. */
  readonly loopIdleMs: number | null;
  /** CPU time of the thread so far, or null when it is not known (yet). */
  readonly cpuMs: number | null;
}

/** What it remembers. */
export interface Watch {
  readonly beats: number;
  readonly loopIdleMs: number | null;
  /** On-time ms without progress. */
  readonly stuckMs: number;
  readonly hasWarned: boolean;
  /** CPU time when the thread was first seen without progress. */
  readonly cpuStartMs: number | null;
}

export interface WatchdogLimits {
  readonly tickMs: number;
  readonly warnMs: number;
  readonly abortMs: number;
}

export const FIRST_WATCH: Watch = { beats: -1, loopIdleMs: null, stuckMs: 0, hasWarned: false, cpuStartMs: null };

/** Share of the bound that must have been CPU time. */
const CPU_SHARE = 0.5;
const SILENT_BOUNDS = 3;
/** A tick later than this many times its interval was not on time. */
const LATE = 2;

/** One tick, `elapsedMs` after the last one. */
export function watch(
  before: Watch,
  seen: Sighting,
  elapsedMs: number,
  limits: WatchdogLimits,
): { readonly watch: Watch; readonly action: 'none' | 'warn' | 'abort' } {
  if (hasProgressed(before, seen)) {
    return { watch: { ...FIRST_WATCH, beats: seen.beats, loopIdleMs: seen.loopIdleMs }, action: 'none' };
  }
  const isOnTime = elapsedMs <= limits.tickMs * LATE;
  const stuckMs = before.stuckMs + (isOnTime ? Math.min(elapsedMs, limits.tickMs) : 0);
  const cpuStartMs = before.cpuStartMs ?? seen.cpuMs;
  const next: Watch = { ...before, loopIdleMs: seen.loopIdleMs, stuckMs, cpuStartMs };
  if (stuckMs >= limits.abortMs && isGuilty(next, seen, limits)) return { watch: next, action: 'abort' };
  if (stuckMs >= limits.warnMs && !before.hasWarned) return { watch: { ...next, hasWarned: true }, action: 'warn' };
  return { watch: next, action: 'none' };
}

function hasProgressed(before: Watch, seen: Sighting): boolean {
  if (seen.beats !== before.beats) return true;
  return seen.loopIdleMs !== null && before.loopIdleMs !== null && seen.loopIdleMs > before.loopIdleMs;
}

function isGuilty({ stuckMs, cpuStartMs }: Watch, seen: Sighting, { abortMs }: WatchdogLimits): boolean {
  if (cpuStartMs === null || seen.cpuMs === null) return true;
  return seen.cpuMs - cpuStartMs >= abortMs * CPU_SHARE || stuckMs >= abortMs * SILENT_BOUNDS;
}
