#!/usr/bin/env node
// The `warren` command. Checks the host's version before anything is loaded that an older one could not read.
import module from 'node:module';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`warren: needs Node 22.18 or newer, this is ${process.versions.node}\n`);
  process.exit(1);
}
// The next start finds the code compiled, in the host's own cache: half the time. NODE_DISABLE_COMPILE_CACHE=1 turns it off.
const { directory } = module.enableCompileCache();
// Worker threads look here.
if (directory !== undefined) process.env.NODE_COMPILE_CACHE ??= directory;
const { run } = await import('./run.ts');
await run(process.argv);
