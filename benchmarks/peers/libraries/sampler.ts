// Question: what is one sample of one case on one actor library? As ../../sampler.ts: each line on stdin is answered with
// one JSON line.

import hostProcess from 'node:process';
import { createInterface } from 'node:readline';
import { LIBRARY_CASES } from './cases.ts';
import { nact } from './nact.ts';
import { xstate } from './xstate.ts';

const LIBRARIES = { nact, xstate };

async function main(library: string | undefined, name: string | undefined): Promise<void> {
  const run = LIBRARY_CASES[name ?? ''];
  const open = LIBRARIES[library as keyof typeof LIBRARIES];
  if (run === undefined || open === undefined) throw new Error(`no such case: ${library} ${name}`);
  for await (const _ of createInterface({ input: hostProcess.stdin })) {
    const value = await run(open());
    hostProcess.stdout.write(`${JSON.stringify({ value })}\n`);
  }
  hostProcess.exit(0);
}

function fail(error: Error): void {
  hostProcess.stderr.write(`${error.message}\n`);
  hostProcess.exit(1);
}

// XState throws in a timer what goes wrong in an actor.
hostProcess.on('uncaughtException', fail);
main(hostProcess.argv[2], hostProcess.argv[3]).catch(fail);
