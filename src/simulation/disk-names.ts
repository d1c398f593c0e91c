// The names on a simulated disk: files and directories by path, what of them is on the medium, and the changes that
// still wait for a `syncDirectory` (reliability.md 2.a). A rename is one change of two names: it is kept whole or not.
import { Inode } from './disk-inode.ts';
import type { Survival } from './disk-power.ts';

type Node = Inode | 'directory';

interface NameChange {
  readonly number: number;
  readonly names: readonly (readonly [path: string, node: Node | null])[];
}

/** The directory that a path is in; '' is the disk's own. */
export function directoryOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

export class Names {
  private readonly seen: Map<string, Node>;
  private readonly medium: Map<string, Node>;
  private changes: NameChange[] = [];

  constructor(nodes: Iterable<readonly [string, Node]> = [['', 'directory']]) {
    this.seen = new Map(nodes);
    this.medium = new Map(this.seen);
  }

  at(path: string): Node | null {
    return this.seen.get(path) ?? null;
  }

  isDirectory(path: string): boolean {
    return this.seen.get(path) === 'directory';
  }

  /** Names in a directory, sorted. */
  list(directory: string): string[] {
    const start = directory === '' ? '' : `${directory}/`;
    const inside = [...this.seen.keys()].filter((path) => path !== '' && directoryOf(path) === directory);
    return inside.map((path) => path.slice(start.length)).sort();
  }

  /** Every file by path. */
  *files(): Generator<[path: string, inode: Inode]> {
    for (const [path, node] of this.seen) if (node !== 'directory') yield [path, node];
  }

  /** Changes of names and of the bytes of files that a cut may take away, in the order in which they were made. */
  pending(): number[] {
    const inodes = new Set([...this.everyNode()].filter((node) => node !== 'directory'));
    const numbers = [...inodes].flatMap((inode) => [...inode.pending]);
    return [...numbers, ...this.changes.map(({ number }) => number)].sort((a, b) => a - b);
  }

  private *everyNode(): Generator<Node> {
    yield* this.medium.values();
    for (const { names } of this.changes) for (const [, node] of names) if (node !== null) yield node;
  }

  /** Makes, moves and removes names, all at once. */
  change(number: number, names: NameChange['names']): void {
    const change = { number, names };
    apply(this.seen, change);
    this.changes.push(change);
  }

  /** A sync of a directory has returned that began after change `upTo`. */
  synced(directory: string, upTo: number): void {
    this.keep(({ number, names }) => number <= upTo && names.some(([path]) => directoryOf(path) === directory));
  }

  /** What is on the medium after a power cut. */
  survivor(survival: Survival): Names {
    const after = new Names(this.medium);
    after.changes = this.changes;
    after.keep(({ number }) => survival.keepsName(number));
    const inodes = new Map<Inode, Inode>();
    const nodes: [string, Node][] = [];
    for (const [path, node] of after.medium) {
      if (!after.isReachable(path)) continue;
      if (node !== 'directory' && !inodes.has(node)) inodes.set(node, node.survivor(survival));
      nodes.push([path, node === 'directory' ? node : (inodes.get(node) as Inode)]);
    }
    return new Names(nodes);
  }

  /** A copy of what is seen, all of it durable. */
  copy(): Names {
    return new Names(
      [...this.seen].map(([path, node]) => [path, node === 'directory' ? node : new Inode(node.bytes)] as const),
    );
  }

  private isReachable(path: string): boolean {
    return path === '' || (this.medium.get(directoryOf(path)) === 'directory' && this.isReachable(directoryOf(path)));
  }

  /** Makes changes durable; what came before in the same names comes with them. */
  private keep(isKept: (change: NameChange) => boolean): void {
    const paths = new Set<string>();
    const kept = new Set<NameChange>();
    for (const change of this.changes.toReversed()) {
      if (!change.names.some(([path]) => paths.has(path)) && !isKept(change)) continue;
      kept.add(change);
      for (const [path] of change.names) paths.add(path);
    }
    for (const change of this.changes) if (kept.has(change)) apply(this.medium, change);
    this.changes = this.changes.filter((change) => !kept.has(change));
  }
}

function apply(nodes: Map<string, Node>, { names }: NameChange): void {
  for (const [path, node] of names) {
    if (node === null) nodes.delete(path);
    else nodes.set(path, node);
  }
}
