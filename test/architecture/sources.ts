// The sources as the architecture test sees them: files, their import lines, their code without comments and strings.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

/** One `import`, `export ... from` or `import()` of a file. */
export interface Import {
  readonly specifier: string;
  readonly isTypeOnly: boolean;
}

export interface Source {
  /** Path below `src/`, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

const STATEMENT = /^\s*(?:import|export)\s+(type\s+)?(?:([^'"();]*?)\s+from\s+)?['"]([^'"]+)['"]/gm;
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;
/** Modules that are loaded by URL rather than imported: process bodies named by an Mfa, and boot files. */
const BY_URL = /new URL\(\s*[`'"](\.[^`'"]+?)(?:\.\$\{[^}]+\}|\.ts)?[`'"]\s*,\s*import\.meta\.url/g;
const BY_CODE =
  /\b(?:code|sibling|siblingUrl|bodyOf)\(\s*(?:['"][^'"]*['"]\s*,\s*)?[`'"](\.\/[^`'"$]+?)(?:\.\$\{[^}]+\}|\.ts)?[`'"]/g;

/** The imports in a text. */
export function importsIn(text: string): Import[] {
  const code = withoutComments(text);
  const found: Import[] = [];
  for (const [, type, names, specifier] of code.matchAll(STATEMENT)) {
    found.push({ specifier, isTypeOnly: type !== undefined || areAllTypes(names) });
  }
  for (const [, specifier] of code.matchAll(DYNAMIC)) found.push({ specifier, isTypeOnly: false });
  return found;
}

/** Files of the same tree that a text names by URL, without their extension. */
export function urlsIn(text: string): string[] {
  const code = withoutComments(text);
  return [...code.matchAll(BY_URL), ...code.matchAll(BY_CODE)].map(([, path]) => path);
}

function areAllTypes(names: string | undefined): boolean {
  const list = /^\{([\s\S]*)\}$/.exec(names?.trim() ?? '')?.[1];
  if (list === undefined) return false;
  const items = list.split(',').map((item) => item.trim());
  return items.filter((item) => item !== '').every((item) => item.startsWith('type '));
}

/** The text with comments blanked, line breaks kept. */
export function withoutComments(text: string): string {
  return text.replace(
    /('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (match, string) => (string !== undefined ? match : match.replace(/[^\n]/g, ' ')),
  );
}

/** The text with comments, strings and regular expressions' neighbours blanked: what is left is code. */
export function codeOnly(text: string): string {
  return withoutComments(text).replace(/'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g, "''");
}

/** All TypeScript sources below `root`. */
export function readSources(root: string): Source[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      return { path: path.split('\\').join('/'), text, imports: importsIn(text) };
    });
}

/** The path below `src/` that a relative import of `from` means; null for a package or a host module. */
export function resolveImport(from: string, specifier: string): string | null {
  if (!specifier.startsWith('.')) return null;
  return relative('.', normalize(join(dirname(from), specifier)));
}
