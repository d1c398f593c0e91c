// The inputs: each is known by a seed and its number, made of a valid session and up to two mutations or one thing that
// is wrong on purpose and must be refused, and checked whole and cut at random places.
import hostProcess from 'node:process';
import { MUTATIONS } from './mutations.ts';
import { findings, INPUT_MS_MAX, rewritten } from './oracle.ts';
import { Random } from './random.ts';
import { notRefused, spoil, type Wrong } from './refusals.ts';
import { session } from './sessions.ts';

const MUTATION_LIST = Object.values(MUTATIONS);
/** Decoded methods are written and read again for one input in so many. */
const THOROUGH_EVERY = 8;

export interface Input {
  readonly frames: readonly Buffer[];
  readonly cuts: readonly number[];
  /** What is wrong on purpose among the frames; null when nothing is known about them. */
  readonly wrong: Wrong | null;
  /** Whether its frames must be the same when they are decoded and written again. */
  readonly isExact: boolean;
}

/** The input of that number. One in ten is a session as it should be, in its exact form; one in five is refused for a known reason. */
export function inputOf(seed: number, number: number): Input {
  const random = new Random(seed, number);
  const kind = random.int(10);
  const isExact = kind === 0;
  let frames: readonly Buffer[] = session(random, isExact);
  let wrong: Wrong | null = null;
  if (kind === 1 || kind === 2) ({ frames, wrong } = spoil(random, frames));
  else if (kind > 2) {
    for (let count = random.oneIn(3) ? 2 : 1; count > 0; count--) frames = random.pick(MUTATION_LIST)(random, frames);
  }
  const length = frames.reduce((sum, frame) => sum + frame.length, 0);
  const cuts = Array.from({ length: random.int(random.oneIn(8) ? 60 : 6) }, () => random.int(length + 1));
  return { frames, cuts: cuts.sort((a, b) => a - b), wrong, isExact };
}

/** Checks an input; null, or what is wrong. */
export function complaint({ frames, cuts, wrong, isExact }: Input, isThorough: boolean): string | null {
  const bytes = Buffer.concat(frames);
  try {
    const before = hostProcess.threadCpuUsage();
    const whole = findings(bytes, [], isThorough);
    const tookMs = cpuMsSince(before);
    // Once more before it is believed: garbage of earlier inputs may have been collected meanwhile.
    if (tookMs > INPUT_MS_MAX && timeOf(bytes, isThorough) > INPUT_MS_MAX) return `it takes ${tookMs.toFixed(0)} ms`;
    const accepted = wrong === null ? null : notRefused(whole, wrong.refusal);
    if (accepted !== null) return accepted;
    // The first is the protocol header.
    const other = isExact ? rewritten(frames.slice(1)) : null;
    if (other !== null) return other;
    const cut = findings(bytes, cuts, isThorough);
    const differs = whole.findIndex((line, index) => cut[index] !== line);
    if (differs < 0 && cut.length === whole.length) return null;
    return `cut at ${cuts.join(',')} it is '${cut[differs] ?? cut.at(-1)}' instead of '${whole[differs] ?? 'nothing'}'`;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

function timeOf(bytes: Buffer, isThorough: boolean): number {
  const before = hostProcess.threadCpuUsage();
  findings(bytes, [], isThorough);
  return cpuMsSince(before);
}

/** The thread's own time: on a busy machine the clock on the wall tells of the others as well. */
function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = hostProcess.threadCpuUsage(before);
  return (user + system) / 1_000;
}

export interface Failure {
  readonly number: number;
  readonly why: string;
  readonly smallest: Input;
}

/** Checks the inputs from `first` to before `end`; the first failure, made small, or null. */
export function fuzz(seed: number, first: number, end: number): Failure | null {
  for (let number = first; number < end; number++) {
    const input = inputOf(seed, number);
    const why = complaint(input, number % THOROUGH_EVERY === 0);
    if (why !== null) return { number, why, smallest: shrink(input) };
  }
  return null;
}

/** Leaves out frames and cuts as long as something is still wrong. */
function shrink(input: Input): Input {
  if (input.wrong !== null) return shrinkAround(input, input.wrong);
  for (const [index] of input.frames.entries()) {
    const fewer = { ...input, frames: input.frames.filter((_, other) => other !== index) };
    if (fewer.frames.length > 0 && complaint(fewer, true) !== null) return shrink(fewer);
  }
  for (const [index] of input.cuts.entries()) {
    const fewer = { ...input, cuts: input.cuts.filter((_, other) => other !== index) };
    if (complaint(fewer, true) !== null) return shrink(fewer);
  }
  return input;
}

/** The same where something is wrong on purpose: that stays, and the greeting before it. */
function shrinkAround(input: Input, wrong: Wrong): Input {
  const bare = { ...input, frames: [input.frames[0], ...wrong.frames], cuts: [] };
  return complaint(bare, true) === null ? input : bare;
}
