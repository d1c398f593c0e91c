// Question: what is one sample of one runtime case, undisturbed by the others? A program that loads the cases, warms
// none of the others up, and answers each line on stdin with one JSON line {"value": ...}. A case in a process of its
// own meets no types, garbage or deoptimised code of its neighbours, just as each Erlang case has its own emulator.

import hostProcess from 'node:process';
import { createInterface } from 'node:readline';
import { cases } from './runtime/index.ts';

async function main(name: string | undefined): Promise<void> {
  const bench = cases.find((each) => each.name === name);
  if (bench === undefined) throw new Error(`no runtime case is called ${name}`);
  for await (const _ of createInterface({ input: hostProcess.stdin })) {
    const value = await bench.run();
    hostProcess.stdout.write(`${JSON.stringify({ value })}\n`);
  }
  hostProcess.exit(0);
}

main(hostProcess.argv[2]).catch((error: Error) => {
  hostProcess.stderr.write(`${error.stack ?? error.message}\n`);
  hostProcess.exit(1);
});
