// What the documents show is true: every `ts` snippet of README.md and docs/ type-checks, runs and prints what its
// comments say (`console.log(x); // text`), the commands exist, links lead somewhere, and CI runs what the README says.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const docs = existsSync(join(root, 'docs'))
  ? readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))
  : [];
const pages = ['README.md', ...docs.map((name) => `docs/${name}`), 'src/ARCHITECTURE.md', 'CHANGELOG.md'];

interface Snippet {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

/** The fenced blocks of a page. */
function snippetsOf(page: string, text: string): Snippet[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    page,
    line: text.slice(0, match.index).split('\n').length,
    language: match[1],
    text: match[2],
  }));
}

/** The snippet with the package's entry points replaced by the sources they are built from. */
function fromSources(text: string): string {
  return text.replace(
    /(\bfrom\s+|\bimport\s+|\bimport\()(['"])warren(?:\/([\w-]+))?\2/g,
    (_all, before, quote, entry) => {
      const url = pathToFileURL(join(root, 'src', `${entry ?? 'index'}.ts`)).href;
      return `${before}${quote}${url}${quote}`;
    },
  );
}

/** What a snippet says it prints: the comment behind each `console.log(...)`. */
function promised(text: string): string[] {
  return [...text.matchAll(/console\.log\(.*\);? *\/\/ (.+)$/gm)].map((match) => match[1].trim());
}

/** The promises of a snippet that are no line of what it printed. */
function broken(text: string, stdout: string): string[] {
  const lines = stdout.split('\n').map((line) => line.trim());
  return promised(text).filter((promise) => !lines.includes(promise));
}

const snippets = pages.flatMap((page) => snippetsOf(page, read(page)));
const programs = snippets.filter((snippet) => snippet.language === 'ts');
const commands = snippets
  .filter((snippet) => snippet.language === 'sh')
  .flatMap((snippet) => snippet.text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#')));

let folder: string;
const fileOf = (snippet: Snippet): string => `${snippet.page.replace(/\W/g, '-')}-${snippet.line}.ts`;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'warren-snippets-'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  for (const snippet of programs) writeFileSync(join(folder, fileOf(snippet)), fromSources(snippet.text));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the snippets of the documents', () => {
  it('are found', () => expect(programs.filter((snippet) => snippet.page === 'README.md').length).toBeGreaterThan(2));

  it('type-check against the sources', async () => {
    const paths = Object.fromEntries(
      ['index', 'broker', 'amqp', 'management', 'observe', 'testing'].map((entry) => [
        entry === 'index' ? 'warren' : `warren/${entry}`,
        [join(root, `src/${entry}.ts`)],
      ]),
    );
    const compilerOptions = { paths, noUnusedLocals: false, rewriteRelativeImportExtensions: false };
    const files = programs.map((snippet) => fileOf(snippet).replace(/\.ts$/, '.check.ts'));
    for (const [index, snippet] of programs.entries()) {
      // A snippet without an import would be a script, whose names clash with those of the others.
      writeFileSync(join(folder, files[index]), `${snippet.text}\nexport {};\n`);
    }
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions, include: files }),
    );
    const tsc = join(root, 'node_modules/.bin/tsc');
    const { stdout } = await run(tsc, ['-p', folder], { cwd: folder }).catch((error: { stdout: string }) => error);
    expect(stdout).toBe('');
  });

  for (const snippet of programs) {
    it.concurrent(`${snippet.page}:${snippet.line} runs and prints what it says`, async () => {
      // Every snippet loads the same sources; they are compiled once for all of them.
      const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, '.compiled') };
      const { stdout } = await run(process.execPath, [join(folder, fileOf(snippet))], { timeout: 25_000, env });
      expect(broken(snippet.text, stdout)).toEqual([]);
    });
  }
});

describe('the commands of the README', () => {
  const manifest = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

  it('are npm scripts that exist', () => {
    const scripts = commands.flatMap((line) => /^npm (?:run )?([\w:]+)/.exec(line)?.[1] ?? []);
    expect(scripts).toContain('start');
    expect(scripts.filter((name) => !['ci', 'install'].includes(name) && manifest.scripts[name] === undefined)).toEqual(
      [],
    );
  });

  it('are the ones that .ci/run runs', () => {
    const section = /^## Test\n[\s\S]*?```sh\n([\s\S]*?)```/m.exec(read('README.md'));
    const documented = section?.[1].trim().split('\n') ?? [];
    expect(documented).toEqual(['npm ci', 'npm test']);
    const ci = read('.ci/run')
      .split('\n')
      .map((line) => line.replace(/ --no-(?:audit|fund)/g, '').trim());
    expect(ci.filter((line) => line.startsWith('npm '))).toEqual(documented);
    expect(manifest.scripts.test).toMatch(/^npm run check && vitest run$/);
  });

  it('`npm start -- --help` lists every option of the command', async () => {
    const { stdout } = await run('npm', ['start', '--silent', '--', '--help'], { cwd: root });
    const options = ['--amqp-port', '--host', '--data-dir', '--memory', '--threads', '--config', '--log-level'];
    for (const option of options) expect(stdout).toContain(option);
  });
});

describe('the pages of docs/', () => {
  it('are all in the table of contents', () => {
    const contents = read('docs/index.md');
    expect(docs.filter((name) => name !== 'index.md' && !contents.includes(`](${name})`))).toEqual([]);
  });

  it('show code as `ts`, `sh` or plain text only, so that no program goes unrun', () => {
    const others = snippets.filter(({ language }) => !['ts', 'sh', ''].includes(language));
    expect(others.map(({ page, line }) => `${page}:${line}`)).toEqual([]);
  });
});

describe('the links of the documents', () => {
  it.each(pages)('of %s lead to files that exist', (page) => {
    const targets = [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) => match[1]);
    expect(targets.filter((target) => !existsSync(join(root, dirname(page), target)))).toEqual([]);
  });
});

describe('the reader of snippets itself', () => {
  it('finds blocks, entry points and promises', () => {
    const text = "```ts\nimport { a } from 'warren/broker';\nconsole.log(a); // one\n```\n\n```sh\nnpm ci\n```\n";
    const [program, shell] = snippetsOf('x.md', text);
    expect([program.language, program.line, shell.language]).toEqual(['ts', 1, 'sh']);
    expect(fromSources(program.text)).toContain('/src/broker.ts');
    expect(fromSources("import 'warren-other';")).toBe("import 'warren-other';");
    expect(promised(program.text)).toEqual(['one']);
    expect(broken(program.text, 'zero\none\n')).toEqual([]);
    expect(broken(program.text, 'not one\n')).toEqual(['one']);
  });
});
