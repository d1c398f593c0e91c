// Question: what do actor libraries for JavaScript reach at the same work? nact (supervision in the manner of Akka) and
// XState (actors beside state machines), one process for each case and library, as Warren has.

import hostProcess from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Contender } from '../harness.ts';
import { LIBRARY_CASES } from './libraries/cases.ts';
import { LineProcess } from './line-process.ts';

const SAMPLER = fileURLToPath(new URL('./libraries/sampler.ts', import.meta.url));
const ANSWER_TIMEOUT_MS = 60_000;
const LIBRARIES: readonly string[] = ['nact', 'xstate'];
/** Those that know no questions. */
const WITHOUT_CALLS: readonly string[] = ['xstate'];

/** The libraries that can do a runtime case. */
export function openLibraries(caseName: string): readonly (Contender & AsyncDisposable)[] {
  if (!(caseName in LIBRARY_CASES)) return [];
  const able = LIBRARIES.filter((library) => caseName !== 'gen-server-call' || !WITHOUT_CALLS.includes(library));
  return able.map((library) => open(library, caseName));
}

function open(name: string, caseName: string): Contender & AsyncDisposable {
  const child = new LineProcess({
    command: hostProcess.execPath,
    args: ['--expose-gc', SAMPLER, name, caseName],
    answerTimeoutMs: ANSWER_TIMEOUT_MS,
  });
  return {
    name,
    async sample() {
      const answer: unknown = JSON.parse(await child.ask('sample'));
      return typeof answer === 'object' && answer !== null && 'value' in answer ? Number(answer.value) : Number.NaN;
    },
    [Symbol.asyncDispose]: () => child.close(),
  };
}
