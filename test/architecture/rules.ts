// The rules of the architecture as data and pure checks over sources; the table is that of DESIGN and ARCHITECTURE.md.
import { codeOnly, resolveImport, type Source, urlsIn } from './sources.ts';

/** Folder of `src/` -> folders it may import. `env` is the interfaces, `env/host` the real ones. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  term: [],
  env: ['term'],
  'env/host': ['env', 'term'],
  process: ['term', 'env'],
  scheduler: ['process', 'term', 'env'],
  wire: ['term', 'env', 'process', 'scheduler'],
  threads: ['wire', 'scheduler', 'process', 'term', 'env', 'env/host'],
  behaviours: ['term', 'process'],
  observe: ['term', 'process', 'scheduler', 'behaviours', 'system'],
  storage: ['term', 'env'],
  system: ['term', 'env', 'env/host', 'process', 'scheduler', 'threads', 'behaviours', 'observe', 'storage'],
  simulation: ['scheduler', 'process', 'term', 'env', 'system', 'wire'],
  broker: ['behaviours', 'storage', 'term', 'env', 'process'],
  'protocols/amqp091/codec': [],
  'protocols/amqp091': ['broker', 'behaviours', 'env', 'process', 'term', 'protocols/amqp091/codec'],
  testing: ['simulation', 'behaviours', 'broker', 'process', 'term'],
};

/** Folders and entry files that may import everything. */
const FREE = ['cli', ''];

/** Package or host module -> where it may be imported. */
export const PACKAGES: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^piscina$/, ['threads']],
  [/^node:worker_threads$/, ['threads']],
  [/^nanoid$/, ['env/host', 'threads']],
  [/^pino$/, ['env/host']],
  [/^immer$/, ['behaviours', 'broker', 'simulation']],
  [/^fast-check$/, ['testing']],
  [/^(commander|zod)$/, ['cli']],
  [/^node:/, ['env/host', 'threads', 'cli']],
];

const BANNED =
  /\b(Date\.now|new Date\(\)|performance\.now|Math\.random|setTimeout|setInterval|setImmediate|queueMicrotask|process\.nextTick|crypto\.\w+|structuredClone)\b/g;
const HOST_FOLDERS = ['env/host', 'threads', 'cli'];
export const LINES_MAX = 400;

/** The folder a file belongs to, as the table names it. */
export function folderOf(path: string): string {
  const folders = Object.keys(MAY_IMPORT).filter((folder) => path.startsWith(`${folder}/`));
  folders.sort((a, b) => b.length - a.length);
  return folders[0] ?? (path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '');
}

/** Imports that the table forbids, or that reach past another folder's index. */
export function badImports(source: Source): string[] {
  const from = folderOf(source.path);
  if (FREE.includes(from)) return [];
  const problems: string[] = [];
  for (const { specifier, isTypeOnly } of source.imports) {
    const target = resolveImport(source.path, specifier);
    if (target === null) {
      const rule = PACKAGES.find(([name]) => name.test(specifier));
      if (rule === undefined || !rule[1].includes(from)) problems.push(`${source.path} imports ${specifier}`);
      continue;
    }
    const to = folderOf(target);
    if (to === from) continue;
    // What crosses between schedulers is built from the scheduler's types, never from its code.
    const isAllowed = MAY_IMPORT[from]?.includes(to) === true && (from !== 'wire' || to !== 'scheduler' || isTypeOnly);
    if (!isAllowed) problems.push(`${source.path} imports ${target}`);
    else if (!target.endsWith('/index.ts')) problems.push(`${source.path} reaches past the index of ${to}: ${target}`);
  }
  return problems;
}

/** Uses of the host's time, timers and randomness outside the folders that own them. */
export function bannedCalls(source: Source): string[] {
  if (HOST_FOLDERS.includes(folderOf(source.path))) return [];
  return [...codeOnly(source.text).matchAll(BANNED)].map(([call]) => `${source.path} uses ${call}`);
}

/** Files above the limit. */
export function longFiles(source: Source): string[] {
  const lines = source.text.split('\n').length - 1;
  return lines > LINES_MAX ? [`${source.path} has ${lines} lines`] : [];
}

/** Cycles of imports that exist at run time, one line each. */
export function cycles(sources: readonly Source[]): string[] {
  const graph = new Map(sources.map((source) => [source.path, valueImports(source)]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) {
      found.push([...trail.slice(at), path].join(' -> '));
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return found;
}

function valueImports(source: Source): string[] {
  return source.imports.flatMap(({ specifier, isTypeOnly }) => {
    const target = isTypeOnly ? null : resolveImport(source.path, specifier);
    return target === null ? [] : [target];
  });
}

/** Files that no entry point leads to, by imports of any kind or by URL. */
export function unreachable(sources: readonly Source[], entries: readonly string[]): string[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const reached = new Set<string>();
  const visit = (path: string): void => {
    const source = byPath.get(path);
    if (source === undefined || reached.has(path)) return;
    reached.add(path);
    for (const { specifier } of source.imports) {
      const target = resolveImport(path, specifier);
      if (target !== null) visit(target);
    }
    for (const url of urlsIn(source.text)) {
      const target = resolveImport(path, url);
      if (target !== null) visit(target.endsWith('.ts') ? target : `${target}.ts`);
    }
  };
  for (const entry of entries) visit(entry);
  return sources.map((source) => source.path).filter((path) => !reached.has(path));
}
