// The architecture, enforced by reading the import lines (DESIGN "Layout", style guide "Who may import whom"). Each rule
// is also run on a planted violation, so that a rule that catches nothing is noticed.
import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { badImports, bannedCalls, cycles, longFiles, unreachable } from './architecture/rules.ts';
import { importsIn, readSources, type Source } from './architecture/sources.ts';

const ROOT = new URL('../', import.meta.url).pathname;
const sources = readSources(`${ROOT}src`);
const ENTRIES = ['index.ts', 'broker.ts', 'amqp.ts', 'management.ts', 'observe.ts', 'testing.ts', 'cli/main.ts'];

const planted = (path: string, text: string): Source => ({ path, text, imports: importsIn(text) });

describe('architecture', () => {
  it('folders import only what the table allows, and only through the index', () => {
    expect(sources.flatMap(badImports)).toEqual([]);
  });

  it('the import rule sees what it must see', () => {
    const bad = [
      planted('behaviours/x.ts', "import { Scheduler } from '../scheduler/index.ts';"),
      planted('broker/queue/x.ts', "import net from 'node:net';"),
      planted('broker/x.ts', "export * from '../protocols/amqp091/index.ts';"),
      planted('process/x.ts', "import { a } from '../term/pid.ts';"),
      planted('simulation/x.ts', "const broker = await import('../broker/index.ts');"),
      planted('protocols/amqp091/codec/x.ts', "import { Pid } from '../../../term/index.ts';"),
      planted('wire/x.ts', "import { Scheduler } from '../scheduler/index.ts';"),
      planted('scheduler/x.ts', "import { nanoid } from 'nanoid';"),
      planted('system/x.ts', "import { readFileSync } from 'node:fs';"),
    ];
    expect(bad.map((source) => badImports(source).length)).toEqual(bad.map(() => 1));
    const good = planted(
      'wire/x.ts',
      "import { type Names, type Scheduler } from '../scheduler/index.ts';\n// import 'node:fs';",
    );
    expect(badImports(good)).toEqual([]);
  });

  it('the host is touched only in env/host, threads and cli', () => {
    expect(sources.flatMap(bannedCalls)).toEqual([]);
  });

  it('the rule on host calls sees calls and passes over comments and strings', () => {
    expect(bannedCalls(planted('broker/x.ts', 'const t = Date.now();\nsetTimeout(f, 1);'))).toHaveLength(2);
    expect(bannedCalls(planted('broker/x.ts', "// Date.now()\nconst s = 'Math.random';\n/* setTimeout */"))).toEqual(
      [],
    );
  });

  it('no file is longer than 400 lines', () => {
    expect(sources.flatMap(longFiles)).toEqual([]);
    expect(longFiles(planted('x.ts', 'a\n'.repeat(401)))).toHaveLength(1);
  });

  it('there is no cycle of imports', () => {
    expect(cycles(sources)).toEqual([]);
    const a = planted('a.ts', "import { b } from './b.ts';");
    expect(cycles([a, planted('b.ts', "import { a } from './a.ts';")])).toEqual(['a.ts -> b.ts -> a.ts']);
    expect(cycles([a, planted('b.ts', "import type { a } from './a.ts';")])).toEqual([]);
  });

  it('every file is reached from an entry point', () => {
    for (const entry of ENTRIES) expect(existsSync(`${ROOT}src/${entry}`), entry).toBe(true);
    expect(unreachable(sources, ENTRIES)).toEqual([]);
    expect(unreachable([planted('index.ts', ''), planted('lost.ts', '')], ['index.ts'])).toEqual(['lost.ts']);
  });

  it('the top level holds what it should', () => {
    const folders = readdirSync(ROOT, { withFileTypes: true }).filter((entry) => entry.isDirectory());
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
    expect(folders.map((entry) => entry.name).filter((name) => !known.includes(name))).toEqual([]);
  });
});
