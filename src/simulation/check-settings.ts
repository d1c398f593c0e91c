// What is no option of a simulation is told by name before anything runs: numbers that are none, strategies, schedules and
// tapes that are something else.
import { checkOptions, describe } from '../term/index.ts';
import { DISK_OPTIONS } from './disk.ts';
import type { NetOptions } from './net.ts';
import type { SimOptions, Wiring } from './options.ts';
import { SimTape } from './tape.ts';
import { ALL_CHECKS } from './watch.ts';

const STRATEGIES = ['fifo', 'rare', 'uniform', 'priorities', 'starve'];
const NET: Readonly<Record<keyof NetOptions, true>> = { latencyMs: true, segmentBytes: true, windowBytes: true };
const WIRING: Readonly<Record<keyof Wiring, true>> = { transit: true, scheduler: true, names: true };

/** Throws TypeError, RangeError or BadArgumentError for the first thing that makes no sense. */
export function checkSettings(options: SimOptions): void {
  const { strategy, deviations, tape, modules, faults = {}, net = {}, disk = {}, wiring = {}, checks } = options;
  checkOptions('net', net, NET);
  checkOptions('disk', disk, { ...DISK_OPTIONS, latencyMs: true });
  checkOptions('wiring', wiring, WIRING);
  if (typeof checks === 'object') checkOptions('checks', checks, { ...ALL_CHECKS });
  if (strategy !== undefined && strategy !== 'portfolio' && !STRATEGIES.includes(strategy?.tag)) {
    throw new RangeError(
      `strategy must be 'portfolio' or have one of the tags ${STRATEGIES.join(', ')}, got ${describe(strategy)}`,
    );
  }
  if (deviations !== undefined && !(Array.isArray(deviations) && deviations.every(isDeviation))) {
    throw new TypeError(`deviations must be a list of [step, key], got ${describe(deviations)}`);
  }
  if (tape !== undefined && !(tape instanceof SimTape)) {
    throw new TypeError(`tape must come from schedules() or tapeOf(token), got ${describe(tape)}`);
  }
  if (modules !== undefined && !(modules instanceof Map)) {
    throw new TypeError(`modules must come from loadModules(), got ${describe(modules)}`);
  }
  if (faults.victims !== undefined && typeof faults.victims !== 'function') {
    throw new TypeError(`victims must be a function, got ${describe(faults.victims)}`);
  }
  const { threadDeaths, history, timerJitterMs } = options;
  // A search passes its own options on.
  const { schedules, schedulesMax, branchStepsMax, crashes, pairs } = options as Readonly<Record<string, unknown>>;
  checkNumbers('', { threadDeaths, history, timerJitterMs, branchStepsMax, crashes, pairs });
  for (const [name, value] of Object.entries({ schedules, schedulesMax })) {
    if (value === undefined || (typeof value === 'number' && value > 0)) continue;
    throw new RangeError(`${name} must be above 0, got ${describe(value)}`);
  }
  checkNumbers('faults.', { ...faults, victims: undefined });
  checkNumbers('net.', net);
  checkNumbers('disk.', { latencyMs: disk.latencyMs });
}

function checkNumbers(prefix: string, numbers: object): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (value === undefined || (typeof value === 'number' && value >= 0)) continue;
    throw new RangeError(`${prefix}${name} must be a number from 0 on, got ${describe(value)}`);
  }
}

function isDeviation(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && Number.isInteger(value[0]) && typeof value[1] === 'string';
}
