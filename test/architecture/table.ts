// Who may import whom: the table of the house style with DESIGN.md's changes, as data.
// A zone is a folder of src/ (`env/host` and a protocol's `codec` are zones of their own); `entry` is src/*.ts.

/** What one zone may import. `types` lists zones of which only types may be used. */
export interface Zone {
  readonly values: readonly string[];
  readonly types?: readonly string[];
}

const RUNTIME = ['process', 'term', 'env'];

/** The table. Arrows point down only; `*` means everything. */
export const ZONES: Readonly<Record<string, Zone>> = {
  term: { values: [] },
  env: { values: [], types: ['term'] },
  'env/host': { values: ['env', 'term'] },
  process: { values: ['env', 'term'] },
  scheduler: { values: RUNTIME },
  wire: { values: RUNTIME, types: ['scheduler'] },
  threads: { values: [...RUNTIME, 'scheduler', 'wire', 'env/host'], types: ['system'] },
  // The engine is injected: the entry point `start.ts` knows the threads, a system does not.
  system: { values: [...RUNTIME, 'scheduler', 'behaviours', 'observe', 'storage', 'wire', 'env/host'] },
  behaviours: { values: ['process', 'term'] },
  observe: { values: ['process', 'term', 'scheduler', 'behaviours'], types: ['system'] },
  storage: { values: ['env', 'term'] },
  simulation: { values: [...RUNTIME, 'scheduler', 'system', 'wire'] },
  // Processes of the broker use the public context of `process`, as those of a user do.
  broker: { values: [...RUNTIME, 'behaviours', 'storage'] },
  protocols: { values: [...RUNTIME, 'behaviours', 'broker', 'codec'] },
  codec: { values: [] },
  management: { values: [...RUNTIME, 'behaviours', 'broker', 'observe'] },
  testing: { values: [...RUNTIME, 'behaviours', 'broker', 'simulation', 'storage'] },
  cli: { values: ['*'] },
  entry: { values: ['*'] },
};

/** The zones in which each package may be imported; a package without a line may be imported nowhere. */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  '@noble/hashes': ['broker'],
  immer: ['behaviours', 'broker/metadata', 'simulation'],
  'fast-check': ['testing'],
  piscina: ['threads'],
  'node:worker_threads': ['threads'],
  nanoid: ['env/host', 'threads'],
  pino: ['env/host'],
  ws: ['env/host'],
  commander: ['cli'],
  zod: ['cli', 'management'],
  // A test writes the chart of a run to a file of its choice; nothing else of the kit touches the disk.
  'node:fs': ['env/host', 'threads', 'cli', 'testing'],
  'node:*': ['env/host', 'threads', 'cli'],
};

/** Zones that may use the host's clock, timers and randomness. */
export const HOST_ZONES: readonly string[] = ['env/host', 'threads'];

/** Zones that may load a module whose URL is data (a process named by module and export). */
export const LOADING_ZONES: readonly string[] = ['env/host', 'threads', 'simulation'];

/** The folders of src/. */
export const FOLDERS: readonly string[] = Object.keys(ZONES).filter(
  (zone) => !['env/host', 'codec', 'entry'].includes(zone),
);

/** Files that the host starts by itself; everything else must be reachable from them or from an entry point. */
export const STARTED_FILES: readonly string[] = ['src/cli/main.ts'];

/** The six entry points of the package, and the files beside them that only wire. */
export const ENTRY_FILES: readonly string[] = [
  'index',
  'broker',
  'broker-options',
  'amqp',
  'management',
  'observe',
  'testing',
  'start',
  'admin',
];

/** Files that may be longer than the limit, each a table. */
export const LONG_FILES: readonly string[] = [];

/** The hard limit of lines per file. */
export const FILE_LINES_MAX = 400;

/** The zone of a path below src/. */
export function zoneOf(path: string): string {
  const parts = path.split('/').slice(1);
  if (parts.length === 1) return 'entry';
  if (parts[0] === 'env' && parts[1] === 'host') return 'env/host';
  if (parts[0] === 'protocols' && parts[2] === 'codec') return 'codec';
  return parts[0];
}

/** The folder that is one unit for its importers: a zone, and for protocols one protocol or its codec. */
export function unitOf(path: string): string {
  const parts = path.split('/').slice(1);
  const zone = zoneOf(path);
  if (zone === 'codec') return parts.slice(0, 3).join('/');
  if (zone === 'protocols') return parts.slice(0, 2).join('/');
  return zone;
}
