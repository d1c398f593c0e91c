// The architecture of src/ as tests: the import table, banned calls, sizes, no cycles, every file reachable.
// Each rule is also shown a planted mistake, so that a checker that has gone blind is noticed.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { absentTargets, cycles, unreachable } from './architecture/graph.ts';
import {
  bannedCalls,
  computedImports,
  fileSizes,
  importTable,
  interfacesOnly,
  layout,
  packageTable,
  type Violation,
} from './architecture/rules.ts';
import { readSources, type Source, sourceOf } from './architecture/source.ts';
import { ENTRY_FILES, STARTED_FILES } from './architecture/table.ts';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const sources = readSources(root, 'src');
const manifest = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as {
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
};
const dependencies = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)];
const starts = [...ENTRY_FILES.map((name) => `src/${name}.ts`), ...STARTED_FILES];

describe('src/ keeps its architecture', () => {
  it('is seen by the checker', () => {
    expect(sources.length).toBeGreaterThan(100);
    expect(sources.flatMap((source) => source.imports).length).toBeGreaterThan(300);
  });
  it('imports across folders as the table says, and only index.ts', () => expect(importTable(sources)).toEqual([]));
  it('imports packages and node: modules where the table says', () =>
    expect(packageTable(sources, dependencies)).toEqual([]));
  it('loads modules by computed URL only where processes are named by module', () =>
    expect(computedImports(sources)).toEqual([]));
  it('touches clock, timers and randomness of the host only in env/host and threads', () =>
    expect(bannedCalls(sources)).toEqual([]));
  it('keeps env/index.ts to interfaces', () => expect(interfacesOnly(sources)).toEqual([]));
  it('has no file above 400 lines', () => expect(fileSizes(sources)).toEqual([]));
  it('has the folders and names of the layout, and a comment at the top of each file', () =>
    expect(layout(sources)).toEqual([]));
  it('has only the folders of the layout beside src/', () => {
    const known = [
      '.ci',
      '.git',
      'benchmarks',
      'dist',
      'docs',
      'examples',
      'node_modules',
      'src',
      'test',
      'warren-data',
    ];
    const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map((entry) => entry.name).filter((name) => !known.includes(name))).toEqual([]);
  });
  it('has every entry point', () => {
    const paths = sources.map((source) => source.path);
    expect(starts.filter((path) => !paths.includes(path))).toEqual([]);
  });
  it('imports no file that is absent', () => expect(absentTargets(sources)).toEqual([]));
  it('has no cycle of files that load each other', () => expect(cycles(sources)).toEqual([]));
  it('has no file that no entry point reaches', () => expect(unreachable(sources, starts)).toEqual([]));
});

/** Runs a rule on a file that is not there. */
const on = (rule: (sources: readonly Source[]) => Violation[], path: string, ...lines: string[]): Violation[] =>
  rule([sourceOf(path, lines.join('\n'))]);

describe('the checker reads imports', () => {
  const kinds = (text: string) => sourceOf('src/a/b.ts', text).imports.map((one) => [one.specifier, one.kind]);

  it.each([
    ["import { a } from './x.ts';", './x.ts', 'value'],
    ["import {\n  a, // one\n  b,\n} from './x.ts';", './x.ts', 'value'],
    ["import './x.ts';", './x.ts', 'value'],
    ["export * from './x.ts';", './x.ts', 'value'],
    ["export { a } from './x.ts';", './x.ts', 'value'],
    ["import { type A } from './x.ts';", './x.ts', 'value'],
    ["import type { A } from './x.ts';", './x.ts', 'type'],
    ["export type { A } from './x.ts';", './x.ts', 'type'],
    ["type A = import('./x.ts').A;", './x.ts', 'type'],
    ["const a = await import('./x.ts');", './x.ts', 'later'],
    ['const a = await import(url);', '', 'later'],
    ["const url = siblingUrl('boot');", './boot.ts', 'later'],
    ["const url = new URL('./x.ts', import.meta.url);", './x.ts', 'later'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the planted snippet is a template literal itself
    ['const X = code(`./x.${EXTENSION}`);', './x.ts', 'later'],
  ])('%s', (text, specifier, kind) => expect(kinds(text)).toEqual([[specifier, kind]]));

  it.each([
    "// import { a } from './x.ts';",
    "/* export * from './x.ts'; */",
    'const text = "import { a } from \'./x.ts\'";',
    "const text = `import('./x.ts')`;",
    "const from = 'x'; context.import('./x.ts');",
  ])('and not those of comments and strings: %s', (text) => expect(kinds(text)).toEqual([]));
});

describe('the checker catches a planted mistake', () => {
  it.each([
    ['src/term/a.ts', "import { x } from '../process/index.ts';"],
    ['src/process/a.ts', "import type { Scheduler } from '../scheduler/index.ts';"],
    ['src/wire/a.ts', "import { Scheduler } from '../scheduler/index.ts';"],
    ['src/process/a.ts', "import { hostClock } from '../env/host/index.ts';"],
    ['src/simulation/a.ts', "import { hostClock } from '../env/host/index.ts';"],
    ['src/simulation/a.ts', "import { Queue } from '../broker/index.ts';"],
    ['src/simulation/a.ts', "type A = import('../protocols/amqp091/index.ts').A;"],
    ['src/broker/queue/a.ts', "import { Channel } from '../../protocols/amqp091/index.ts';"],
    ['src/broker/a.ts', "import type { Scheduler } from '../scheduler/index.ts';"],
    ['src/broker/a.ts', "const m = await import('../threads/index.ts');"],
    ['src/protocols/amqp091/codec/a.ts', "import { x } from '../limits.ts';"],
    ['src/protocols/amqp091/codec/a.ts', "import type { Pid } from '../../../term/index.ts';"],
    ['src/protocols/amqp091/a.ts', "import { x } from '../nsq/index.ts';"],
    ['src/protocols/amqp091/a.ts', "import { x } from '../nsq/codec/index.ts';"],
    ['src/protocols/amqp091/a.ts', "import { x } from './codec/frame-reader.ts';"],
    ['src/protocols/amqp091/a.ts', "import { x } from '../../broker/queue/index.ts';"],
    ['src/scheduler/a.ts', "import { Mailbox } from '../process/mailbox.ts';"],
    ['src/scheduler/a.ts', "export { Mailbox } from '../process/mailbox.ts';"],
    ['src/behaviours/a.ts', "import { startSystem } from '../index.ts';"],
    ['src/index.ts', "export * from './process/context.ts';"],
    ['src/system/a.ts', "import { probe } from '../../test/support/probe.ts';"],
  ])('in the import table: %s %s', (path, line) => expect(on(importTable, path, line)).toHaveLength(1));

  it.each([
    ['src/wire/a.ts', "import type { Loader } from '../scheduler/index.ts';"],
    ['src/env/host/a.ts', "import type { Clock } from '../index.ts';"],
    ['src/protocols/amqp091/a.ts', "import { x } from './codec/index.ts';"],
    ['src/broker/queue/a.ts', "import { x } from '../metadata/records.ts';"],
    ['src/cli/a.ts', "import { startBroker } from '../broker.ts';"],
  ])('and lets pass what is allowed: %s %s', (path, line) => expect(on(importTable, path, line)).toEqual([]));

  it.each([
    ['src/broker/queue.ts', "import { produce } from 'immer';"],
    ['src/simulation/a.ts', "import fc from 'fast-check';"],
    ['src/env/host/a.ts', "import { Piscina } from 'piscina';"],
    ['src/env/host/a.ts', "import { Worker } from 'node:worker_threads';"],
    ['src/broker/a.ts', "import { nanoid } from 'nanoid';"],
    ['src/threads/a.ts', "import { pino } from 'pino';"],
    ['src/start.ts', "import { Command } from 'commander';"],
    ['src/storage/a.ts', "import { open } from 'node:fs';"],
    ['src/broker/a.ts', "import type { Socket } from 'node:net';"],
    ['src/env/host/a.ts', "import fs from 'fs';"],
    ['src/cli/a.ts', "import kleur from 'kleur';"],
  ])('in the packages: %s %s', (path, line) =>
    expect(on((all) => packageTable(all, dependencies), path, line)).toHaveLength(1),
  );

  it('in the packages: one that package.json does not list', () => {
    expect(on((all) => packageTable(all, ['immer']), 'src/env/host/a.ts', "import { pino } from 'pino';")).toHaveLength(
      1,
    );
  });

  it.each([
    'const at = Date.now();',
    'const at = new Date();',
    'const at = new Date;',
    'const text = Date();',
    'const at = performance.now();',
    'const at = globalThis.performance.now();',
    'const n = Math.random();',
    'const { random } = Math;',
    'const { now } = performance;',
    'setTimeout(run, 1);',
    'globalThis.setTimeout(run, 1);',
    'const later = setImmediate;',
    'const all = [...setInterval];',
    'process.nextTick(run);',
    'hostProcess.hrtime.bigint();',
    'const { nextTick } = process;',
    'queueMicrotask(run);',
    'const id = crypto.randomUUID();',
    'const pair = new MessageChannel();',
    'Atomics.wait(words, 0, 0);',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the planted snippet is a template literal itself
    'const text = `at ${Date.now()}`;',
    'const half = 4 / 2; const n = Math.random() / 2;',
  ])('in banned calls: %s', (line) => expect(on(bannedCalls, 'src/broker/a.ts', line)).toHaveLength(1));

  it.each([
    '// setTimeout(run, 1) would break the simulator',
    'throw new Error("no Date.now() here");',
    'const date = new Date(wallTimeMs);',
    'const pattern = /setTimeout(run)/;',
    'context.setTimeout(run);',
    'const words = Atomics.load(all, 0);',
    'const { NODE_ENV } = process.env;',
    'const { pid, mailbox } = process;',
  ])('and lets pass what is no call of the host: %s', (line) =>
    expect(on(bannedCalls, 'src/broker/a.ts', line)).toEqual([]),
  );

  it('in banned calls: not in env/host and threads', () => {
    expect(on(bannedCalls, 'src/env/host/clock.ts', 'Date.now();')).toEqual([]);
    expect(on(bannedCalls, 'src/threads/boot.ts', 'setTimeout(run, 1);')).toEqual([]);
    expect(on(bannedCalls, 'src/env/index.ts', 'Date.now();')).toHaveLength(1);
  });

  it('in modules loaded by a computed URL', () => {
    expect(on(computedImports, 'src/broker/a.ts', 'await import(mfa.module);')).toHaveLength(1);
    expect(on(computedImports, 'src/threads/a.ts', 'await import(mfa.module);')).toEqual([]);
  });

  it('in env/index.ts', () => {
    expect(on(interfacesOnly, 'src/env/index.ts', 'export const limit = 3;')).toHaveLength(1);
    expect(on(interfacesOnly, 'src/env/index.ts', "export * from './clock.ts';")).toHaveLength(1);
    expect(on(interfacesOnly, 'src/env/index.ts', '/** A function. */', 'export interface A { f(): void }')).toEqual(
      [],
    );
  });

  it('in file sizes', () => {
    expect(on(fileSizes, 'src/term/a.ts', ...Array<string>(401).fill('x();'))).toHaveLength(1);
    expect(on(fileSizes, 'src/term/a.ts', ...Array<string>(400).fill('x();'))).toEqual([]);
  });

  it.each([
    ['src/helpers/a.ts', '// Fine.'],
    ['src/extra.ts', '// Fine.'],
    ['src/term/PidTable.ts', '// Fine.'],
    ['src/term/pid-utils.ts', '// Fine.'],
    ['src/term/pid.ts', 'export const a = 1;'],
    ['src/term/pid.ts', '// Fine. TODO: not yet.'],
  ])('in the layout: %s %s', (path, line) => expect(on(layout, path, line)).toHaveLength(1));

  it('in cycles: among values, not among types', () => {
    const a = sourceOf('src/term/a.ts', "import { b } from './b.ts';");
    const c = sourceOf('src/term/c.ts', "export { a } from './a.ts';");
    expect(cycles([a, sourceOf('src/term/b.ts', "import './c.ts';"), c])).toHaveLength(1);
    expect(cycles([a, sourceOf('src/term/b.ts', "import type { C } from './c.ts';"), c])).toEqual([]);
    expect(cycles([sourceOf('src/term/a.ts', "import { a } from './a.ts';")])).toHaveLength(1);
  });

  it('in reachability and in absent files', () => {
    const entry = sourceOf('src/index.ts', "import type { A } from './term/index.ts';");
    const index = sourceOf('src/term/index.ts', "const boot = new URL('./boot.ts', import.meta.url);");
    const boot = sourceOf('src/term/boot.ts', '');
    const lost = sourceOf('src/term/lost.ts', '');
    expect(unreachable([entry, index, boot], ['src/index.ts'])).toEqual([]);
    expect(unreachable([entry, index, boot, lost], ['src/index.ts'])).toHaveLength(1);
    expect(absentTargets([entry, index])).toHaveLength(1);
  });

  it('in functions above 70 lines, by the lint rule', () => {
    // The rules of biome.json that hold for src/, on files outside the repository.
    const folder = mkdtempSync(join(tmpdir(), 'warren-lint-'));
    mkdirSync(join(folder, 'src'));
    const config = JSON.parse(readFileSync(`${root}/biome.json`, 'utf8')) as object;
    writeFileSync(join(folder, 'biome.json'), JSON.stringify({ ...config, $schema: undefined, vcs: undefined }));
    for (const [name, lines] of [
      ['long', 71],
      ['short', 70],
    ] as const) {
      const body = '  x();\n'.repeat(lines);
      writeFileSync(join(folder, 'src', `${name}.ts`), `export function ${name}(x: () => void): void {\n${body}}\n`);
    }
    const { stdout, stderr } = spawnSync(`${root}/node_modules/.bin/biome`, ['lint', '.'], {
      cwd: folder,
      encoding: 'utf8',
    });
    rmSync(folder, { recursive: true });
    const found = (stdout + stderr).split('\n').filter((line) => line.includes('noExcessiveLinesPerFunction'));
    expect(found.map((line) => line.split(':')[0])).toEqual(['src/long.ts']);
  });
});
