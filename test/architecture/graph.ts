// The import graph: cycles among files that load each other, files that nothing reaches, imports of files that are absent.
import type { Violation } from './rules.ts';
import type { Source } from './source.ts';

/** Each cycle of value imports once, as the chain of its files. Types and `import()` do not load at start. */
export function cycles(sources: readonly Source[]): Violation[] {
  const edges = new Map(
    sources.map((source) => [
      source.path,
      source.imports.filter((one) => one.kind === 'value').map((one) => one.target),
    ]),
  );
  const done = new Set<string>();
  const trail: string[] = [];
  const found: Violation[] = [];
  const visit = (path: string): void => {
    const from = trail.indexOf(path);
    if (from >= 0) found.push([...trail.slice(from), path].join(' -> '));
    if (from >= 0 || done.has(path)) return;
    trail.push(path);
    for (const target of edges.get(path) ?? []) if (target !== null && edges.has(target)) visit(target);
    trail.pop();
    done.add(path);
  };
  for (const source of sources) visit(source.path);
  return found;
}

/** Files that no chain of imports of any kind reaches from the given ones. */
export function unreachable(sources: readonly Source[], starts: readonly string[]): Violation[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const open = starts.filter((path) => byPath.has(path));
  const reached = new Set(open);
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    for (const { target } of byPath.get(path)?.imports ?? []) {
      if (target === null || reached.has(target) || !byPath.has(target)) continue;
      reached.add(target);
      open.push(target);
    }
  }
  return sources
    .filter((source) => !reached.has(source.path))
    .map((source) => `${source.path} is reached from no entry point`);
}

/** Relative imports of files that are not there. */
export function absentTargets(sources: readonly Source[]): Violation[] {
  const paths = new Set(sources.map((source) => source.path));
  return sources.flatMap((source) =>
    source.imports
      .filter((one) => one.target?.startsWith('src/') && !paths.has(one.target))
      .map((one) => `${source.path}:${one.line} imports ${one.target}, which does not exist`),
  );
}
