// Question: what does the BEAM reach at the same work? Compiles the Erlang benchmark module into a temporary directory
// and runs one named case per emulator, sample by sample. Cases named "-cross" get two schedulers, all others one, as
// in the figures this project compares with. Needs `erl` and `erlc` on the path.

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Contender } from '../harness.ts';
import { LineProcess } from './line-process.ts';

const SOURCE = fileURLToPath(new URL('../erlang/warren_bench.erl', import.meta.url));
const PROCESSES_MAX = 2_000_000;
const ANSWER_TIMEOUT_MS = 120_000;

/** The compiled benchmark module. */
export interface ErlangBench extends AsyncDisposable {
  readonly version: string;
  /** Opens an emulator for one case; `unit` must be the unit that Erlang reports. */
  open(caseName: string, unit: string, seconds: number): Contender & AsyncDisposable;
}

/** Compiles the module. Undefined when Erlang is not installed; throws when the module does not compile. */
export async function compileErlang(): Promise<ErlangBench | undefined> {
  const run = promisify(execFile);
  const version = await run('erl', ['-noshell', '-eval', 'io:put_chars(erlang:system_info(otp_release)), halt().'])
    .then(({ stdout }) => stdout.trim())
    .catch(() => undefined);
  if (version === undefined) return undefined;
  const directory = await mkdtemp(join(tmpdir(), 'warren-bench-erl-'));
  await run('erlc', ['-o', directory, SOURCE]);
  return {
    version: `Erlang/OTP ${version}`,
    open: (caseName, unit, seconds) => openCase(directory, caseName, unit, seconds),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

function openCase(directory: string, caseName: string, unit: string, seconds: number): Contender & AsyncDisposable {
  const schedulers = caseName.endsWith('-cross') ? 2 : 1;
  const child = new LineProcess({
    command: 'erl',
    args: [
      ...['+S', `${schedulers}:${schedulers}`, '+P', `${PROCESSES_MAX}`, '-noshell', '-pa', directory],
      ...['-s', 'warren_bench', 'main', caseName],
    ],
    answerTimeoutMs: ANSWER_TIMEOUT_MS,
  });
  return {
    name: 'beam',
    async sample() {
      const answer: unknown = JSON.parse(await child.ask(seconds.toFixed(3)));
      if (typeof answer !== 'object' || answer === null || !('value' in answer) || !('unit' in answer)) {
        throw new Error('not a figure');
      }
      if (answer.unit !== unit) throw new Error(`Erlang's ${caseName} counts ${answer.unit}, not ${unit}`);
      return Number(answer.value);
    },
    [Symbol.asyncDispose]: () => child.close(),
  };
}
