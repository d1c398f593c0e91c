// The source files that the architecture rules look at, and the imports read from them.
// Imports are `import`, `export ... from`, `import()` with a literal, an `import()` type, and the two ways in which a
// file names another one that a thread loads by URL: `siblingUrl('x')`, `new URL('./x.ts', import.meta.url)` and a
// template such as `./x.${EXTENSION}`, which is `.ts` from source and `.js` when built.
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { blank } from './blank.ts';

/** An import as written in a file. */
export interface Import {
  /** As written: a relative path, a package or `node:x`; empty when `import()` got no literal. */
  readonly specifier: string;
  /** Path below the root for a relative one, such as `src/term/index.ts`; null for a package. */
  readonly target: string | null;
  /** `value` is loaded when the file is; `later` when the program asks; `type` never. */
  readonly kind: 'value' | 'type' | 'later';
  readonly line: number;
}

/** One file: `path` is relative to the repository with `/`; `code` has no comments, `bare` no string contents either. */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly code: string;
  readonly bare: string;
  readonly imports: readonly Import[];
}

/** Makes a source of a text; the self-tests plant their mistakes with it. */
export function sourceOf(path: string, text: string): Source {
  const { code, bare } = blank(text);
  return { path, text, code, bare, imports: readImports(path, code, bare) };
}

/** All TypeScript files of a folder, sorted. */
export function readSources(root: string, folder: string): Source[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort()
    .map((path) => sourceOf(path, readFileSync(join(root, path), 'utf8')));
}

/** The line number of a position, from 1. */
export function lineAt(text: string, position: number): number {
  let line = 1;
  for (let at = 0; at < position; at += 1) if (text[at] === '\n') line += 1;
  return line;
}

const STATEMENT = /(?<![\w$.])(?:(import|export)\b([^;'"`()]*?)\bfrom\s*|(import)\s*)(['"])/g;
const CALL = /(?<![\w$.])import\s*\(\s*(['"`])?/g;
const BY_EXTENSION = /`(\.\.?\/[\w./-]+)\.\$\{/g;
const SIBLING = /(?<![\w$.])(?:siblingUrl\s*\(|new\s+URL\s*\()\s*(['"])/g;

function readImports(path: string, code: string, bare: string): Import[] {
  const found: Import[] = [];
  const add = (position: number, specifier: string, kind: Import['kind']) =>
    found.push({ specifier, target: targetOf(path, specifier), kind, line: lineAt(code, position) });
  for (const match of bare.matchAll(STATEMENT)) {
    const specifier = literalAt(code, match.index + match[0].length - 1);
    // An import with only `type` names inside its braces is still loaded: Node strips the names, not the statement.
    add(match.index, specifier, /^\s*type\b(?!\s*,|\s*from\b)/.test(match[2] ?? '') ? 'type' : 'value');
  }
  for (const match of bare.matchAll(CALL)) {
    const quoteAt = match.index + match[0].length - 1;
    const specifier = match[1] === undefined ? '' : literalAt(code, quoteAt);
    const rest = bare.slice(quoteAt + specifier.length + 2);
    add(match.index, specifier, specifier !== '' && /^\s*\)\s*\.\s*[A-Z]/.test(rest) ? 'type' : 'later');
  }
  for (const match of bare.matchAll(SIBLING)) {
    const name = literalAt(code, match.index + match[0].length - 1);
    if (match[0].startsWith('siblingUrl')) add(match.index, `./${name}.ts`, 'later');
    else if (name.endsWith('.ts')) add(match.index, name.startsWith('.') ? name : `./${name}`, 'later');
  }
  for (const match of code.matchAll(BY_EXTENSION)) add(match.index, `${match[1]}.ts`, 'later');
  return found;
}

function literalAt(code: string, quoteAt: number): string {
  return code.slice(quoteAt + 1, code.indexOf(code[quoteAt], quoteAt + 1));
}

function targetOf(path: string, specifier: string): string | null {
  return specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : null;
}
