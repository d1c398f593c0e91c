// genStatem against OTP's gen_statem: random machines see the same events in the same order on both (ST-1 to ST-5), with
// postponing, inserted events, enter calls, answers and each kind of timeout.
// `DIFFERENTIAL_TIMES=5 DIFFERENTIAL_SEED=$RANDOM npm run test:differential` looks at more, and elsewhere.
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile, hasErlang } from './erlang.ts';
import { type MachineProgram, programs, runHere, termOf } from './statems.ts';

const COUNT = 400 * Number(process.env.DIFFERENTIAL_TIMES ?? 1);
const SEED = Number(process.env.DIFFERENTIAL_SEED ?? 20260101);

/** More that differ than these are no accident. */
const AGAIN_MAX = 10;

const isHere = hasErlang();
if (!isHere)
  console.warn('test:differential SKIPPED: there is no `erl` on this machine (Debian: apt install erlang-base)');

describe.skipIf(!isHere)('the same state machine on Warren and on Erlang', () => {
  let folder = '';
  beforeAll(() => {
    folder = compile();
  });
  afterAll(() => {
    if (folder !== '') rmSync(folder, { recursive: true });
  });

  /** One line for each machine. */
  function runThere(machines: readonly MachineProgram[]): string[] {
    const [from, to] = ['machines', 'seen'].map((name) => join(folder, name));
    writeFileSync(from, machines.map((machine) => `${termOf(machine)}.\n`).join(''));
    const main = `warren_statem:main(${JSON.stringify(from)}, ${JSON.stringify(to)}).`;
    execFileSync('erl', ['-noshell', '-kernel', 'logger_level', 'none', '-pa', folder, '-eval', main]);
    return readFileSync(to, 'utf8').trimEnd().split('\n');
  }

  it('ST-1 to ST-5 sees the same events in the same order', () => {
    const machines = programs(COUNT, SEED);
    const there = runThere(machines);
    expect(there.length).toBe(COUNT);
    const here = machines.map(runHere);
    const sizeOf = (machine: MachineProgram) => termOf(machine).length;
    const differing = machines.filter((_, index) => here[index] !== there[index]).sort((a, b) => sizeOf(a) - sizeOf(b));
    // One whose rest was looked for too early, on a busy machine, is asked again by itself.
    for (const machine of differing.slice(0, AGAIN_MAX)) {
      expect(runHere(machine), termOf(machine)).toBe(runThere([machine])[0]);
    }
    expect(differing.length).toBeLessThanOrEqual(AGAIN_MAX);
    const events = here.reduce((sum, line) => sum + line.split(';').length, 0);
    console.log(`${COUNT} machines, ${events} events, ${differing.length} asked again`);
    expect(events / COUNT).toBeGreaterThan(10);
  });

  it('each kind of event and of action takes part', () => {
    const machines = programs(COUNT, SEED);
    const seen = machines.map(runHere).join(';');
    for (const word of ['cast', 'call', 'info', 'internal', 'enter', 'st', 'et', 'x', 'y', 'ends', 'answered'])
      expect(seen).toContain(` ${word}`);
  });
});
