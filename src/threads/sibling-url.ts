// Files that other threads start with, found beside this one: `.ts` from source, `.js` when built.

/** The URL of another file of this folder, by its name without extension. */
export function siblingUrl(name: string): URL {
  return new URL(`./${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
}
