#!/usr/bin/env node
// The `warren` command. Checks the host's version before anything is loaded that an older one could not read.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`warren: needs Node 22.18 or newer, this is ${process.versions.node}\n`);
  process.exit(1);
}
const { run } = await import('./run.ts');
await run(process.argv);

export {};
