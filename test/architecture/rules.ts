// The architecture rules, each a function of the sources to its violations; test/architecture.test.ts applies them to
// src/ and shows each one a planted mistake.
import { lineAt, type Source } from './source.ts';
import {
  ENTRY_FILES,
  FILE_LINES_MAX,
  FOLDERS,
  HOST_ZONES,
  LOADING_ZONES,
  LONG_FILES,
  PACKAGES,
  unitOf,
  ZONES,
  zoneOf,
} from './table.ts';

/** Where a rule is broken and how, in one line: `src/a/b.ts:3 ...`. */
export type Violation = string;

/** The import table: zones, and only `index.ts` of another folder. */
export function importTable(sources: readonly Source[]): Violation[] {
  return sources.flatMap((source) =>
    source.imports.flatMap((one) => {
      if (one.target === null) return [];
      const text = tableBreach(source.path, one.target, one.kind === 'type');
      return text === null ? [] : [`${source.path}:${one.line} ${text}`];
    }),
  );
}

function tableBreach(path: string, target: string, isType: boolean): string | null {
  if (!target.startsWith('src/')) return `imports ${target}, which is outside src/`;
  const to = unitOf(target);
  const from = unitOf(path);
  if (from === to) return null;
  const zone = zoneOf(path);
  const other = zoneOf(target);
  const row = ZONES[zone];
  if (row === undefined || ZONES[other] === undefined) return `imports ${target}: not a folder of the layout`;
  if (other === 'entry') return zone === 'cli' ? null : `${zone} must not import the entry point ${target}`;
  const isAllowed = row.values.includes('*') || row.values.includes(other) || (isType && row.types?.includes(other));
  if (!isAllowed) return `${zone} must not import ${isType ? 'types' : 'values'} of ${other} (${target})`;
  if (zone === 'protocols' && other === 'codec' && !to.startsWith(`${from}/`)) return `not its own codec: ${target}`;
  return target === `src/${to}/index.ts` ? null : `imports ${target}: only index.ts across folders`;
}

/** Packages and `node:` modules only where the table says, and only those that package.json lists. */
export function packageTable(sources: readonly Source[], dependencies: readonly string[]): Violation[] {
  return sources.flatMap((source) =>
    source.imports.flatMap((one) => {
      if (one.target !== null || one.specifier === '') return [];
      const at = `${source.path}:${one.line}`;
      const name = packageName(one.specifier);
      const zones = PACKAGES[name] ?? (name.startsWith('node:') ? PACKAGES['node:*'] : []);
      const isAllowed = zones.some((zone) => zone === zoneOf(source.path) || source.path.startsWith(`src/${zone}/`));
      if (!isAllowed) return [`${at} must not import ${one.specifier} (allowed: ${zones.join(', ') || 'nowhere'})`];
      const isListed = name.startsWith('node:') || dependencies.includes(name);
      return isListed ? [] : [`${at} imports ${name}, which package.json does not list`];
    }),
  );
}

function packageName(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
}

/** `import()` of a computed URL only where processes are loaded by module and export. */
export function computedImports(sources: readonly Source[]): Violation[] {
  return sources
    .filter((source) => !LOADING_ZONES.includes(zoneOf(source.path)))
    .flatMap((source) =>
      source.imports
        .filter((one) => one.specifier === '')
        .map((one) => `${source.path}:${one.line} loads a module by a computed URL`),
    );
}

/** Not after a dot, but for the dots of a spread and of `globalThis`. */
const FREE = String.raw`(?<=^|[^\w$.]|\.\.\.|\bglobalThis\.)`;
const free = (rest: string): RegExp => new RegExp(FREE + rest, 'g');
const TAKEN_APART = String.raw`\}\s*=\s*(?:globalThis\s*\.\s*)?(?:Math|Date|performance|crypto|globalThis)\b(?!\s*\.)`;

/** What only `env/host` and `threads` may touch, as patterns over code without comments and strings. */
const BANNED: readonly (readonly [string, RegExp])[] = [
  ['Date.now', /\bDate\s*\.\s*now\b/g],
  ['the current Date', /\bnew\s+Date\b(?!\s*\(\s*[^)\s])|(?<!\bnew\s+)(?<![\w$.])Date\s*\(/g],
  ['performance', free(String.raw`performance\s*[.[]`)],
  ['Math.random', /\bMath\s*\.\s*random\b/g],
  ['a host timer', free(String.raw`(?:set|clear)(?:Timeout|Interval|Immediate)\b(?!\s*:)`)],
  ['process.nextTick', /process\s*\.\s*(?:nextTick|hrtime)\b|\b(?:nextTick|hrtime)\b[^}]*\}\s*=/gi],
  ['queueMicrotask', free(String.raw`queueMicrotask\b(?!\s*:)`)],
  ['structuredClone', free(String.raw`structuredClone\b(?!\s*:)`)],
  ['crypto', free(String.raw`crypto\s*[.[]`)],
  ['a taken-apart host object', new RegExp(TAKEN_APART, 'g')],
  ['a host channel or thread', /\bnew\s+(?:MessageChannel|BroadcastChannel|Worker)\b/g],
  ['a blocking wait', /\bAtomics\s*\.\s*wait(?:Async)?\b/g],
];

/** Clock, timers and randomness of the host only behind the interfaces of `env`. */
export function bannedCalls(sources: readonly Source[]): Violation[] {
  return sources
    .filter((source) => !HOST_ZONES.includes(zoneOf(source.path)))
    .flatMap((source) => BANNED.flatMap(([name, pattern]) => matches(source, pattern, `uses ${name}`)));
}

/** `env/index.ts` is interfaces only: no declaration of a value, and nothing handed on. */
export function interfacesOnly(sources: readonly Source[]): Violation[] {
  const declared = String.raw`(?:default\s+)?(?:abstract\s+)?(?:async\s+)?(?:function|class|const|let|var|enum)\b`;
  const pattern = new RegExp(String.raw`^(?:export\s+)?${declared}|^export\s*[*{]`, 'gm');
  return sources
    .filter((source) => zoneOf(source.path) === 'env')
    .flatMap((source) => matches(source, pattern, 'holds code'));
}

function matches(source: Source, pattern: RegExp, what: string): Violation[] {
  const found = [...source.bare.matchAll(pattern)];
  return found.map((match) => `${source.path}:${lineAt(source.bare, match.index)} ${what}`);
}

/** No file above the limit, but for the tables named in `LONG_FILES`. */
export function fileSizes(sources: readonly Source[]): Violation[] {
  return sources.flatMap((source) => {
    const lines = source.text.trimEnd().split('\n').length;
    return lines > FILE_LINES_MAX && !LONG_FILES.includes(source.path) ? [`${source.path} has ${lines} lines`] : [];
  });
}

/** Only the folders of the layout, entry files by name, kebab-case, and a comment at the top of each file. */
export function layout(sources: readonly Source[]): Violation[] {
  return sources.flatMap(({ path, text }) => {
    const parts = path.split('/').slice(1);
    const file = parts[parts.length - 1].replace(/\.ts$/, '');
    const names = [...parts.slice(0, -1), file];
    const checks: readonly (readonly [boolean, string])[] = [
      [parts.length > 1 || ENTRY_FILES.includes(file), 'is no entry point'],
      [parts.length === 1 || FOLDERS.includes(parts[0]), 'is in no folder of the layout'],
      [names.every((name) => /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name)), 'is not kebab-case'],
      [!/(?:^|-)(?:managers?|helpers?|utils?|impl)(?:-|$)/.test(file), 'has a name that says nothing'],
      [/^(?:#!.*\n)?\s*(?:\/\/|\/\*)/.test(text), 'does not open with a comment'],
      [!/\b(?:TODO|FIXME|XXX)\b/.test(text), 'holds a note of unfinished work'],
    ];
    return checks.filter(([isKept]) => !isKept).map(([, what]) => `${path} ${what}`);
  });
}
