// A module that starts a system at its top level and has a process of its own run on a data thread: the thread loads the
// module again, and that must not start threads without end.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const INDEX = JSON.stringify(new URL('../../src/index.ts', import.meta.url).href);

it.each([
  ['a process', "yield* startLink({ module: import.meta.url, export: 'server' }, [], { placement: 'any' })"],
  ['offloaded work', "yield* offload({ module: import.meta.url, export: 'work' })"],
])('%s of a program without a guard fails with what to do', async (_what, effect) => {
  const folder = await mkdtemp(join(tmpdir(), 'warren-guard-'));
  try {
    const program = join(folder, 'program.ts');
    writeFileSync(
      program,
      `import { genServer, offload, ok, startLink, startSystem } from ${INDEX};
export const server = genServer({ init: () => ok(0) });
export const work = () => 1;
const system = await startSystem({ threads: 1, logger: 'silent' });
const result = await system.run(function* (context) { context.trapExit(true); return ${effect}; });
console.log(JSON.stringify(result));
await system.stop();
`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 20_000 });
    expect(stdout).toContain('startSystem was called on a data thread');
    expect(stdout).toContain('isMainThread');
  } finally {
    await rm(folder, { recursive: true });
  }
});
