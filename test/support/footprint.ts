// What a broker in this process holds, counted: processes, timers, names, and in each long-lived process the sizes of
// its tables. Two footprints of a broker at rest are the same, or something has leaked.
import type { Broker } from '../../src/broker.ts';
import type { Process } from '../../src/process/index.ts';

/** Sizes by what they are the sizes of. */
export type Footprint = Readonly<Record<string, number>>;

/** The footprint of the control scheduler; with data threads, of their numbers of processes as well. */
export function footprint(broker: Broker): Footprint {
  const { scheduler } = broker.system.engine;
  const sizes: Record<string, number> = {
    processes: scheduler.processes.size,
    timers: scheduler.timers.size,
    names: scheduler.names.size,
    releasing: scheduler.releasing.size,
  };
  const add = (key: string, size: number) => {
    sizes[key] = (sizes[key] ?? 0) + size;
  };
  for (const process of scheduler.processes.values()) {
    const label = labelOf(process);
    add(`${label}: processes`, 1);
    add(`${label}: mailbox`, process.mailbox.length);
    add(`${label}: links`, entriesOf(process.links));
    add(`${label}: monitors held`, process.monitors?.held.size ?? 0);
    add(`${label}: watchers`, process.monitors?.watchers.size ?? 0);
    add(`${label}: aliases`, process.monitors?.aliases.size ?? 0);
    add(`${label}: resources`, process.extras?.resources?.size ?? 0);
    for (const [path, size] of tablesIn(process.state)) add(`${label}: ${path}`, size);
  }
  for (const [name, local] of scheduler.locals)
    for (const [path, size] of tablesIn(local)) add(`${name}: ${path}`, size);
  return sizes;
}

/** Places of queues are taken again late, on purpose; there are 32,000 of them. */
const BOUNDED = '.slots.free';

/** What has grown from one footprint to the next, by how much. */
export function growth(before: Footprint, after: Footprint): Footprint {
  const grown: Record<string, number> = {};
  for (const [key, size] of Object.entries(after)) {
    const by = size - (before[key] ?? 0);
    if (by > 0 && !key.endsWith(BOUNDED)) grown[key] = by;
  }
  return grown;
}

function labelOf({ body, extras }: Process): string {
  if (extras?.label != null) return extras.label;
  if (typeof body === 'function') return body.name;
  return 'label' in body ? (body.label ?? 'handler') : 'handler';
}

/** Links that are active and those whose unlink was never acknowledged. */
function entriesOf(links: Process['links']): number {
  return links === null ? 0 : (links as unknown as { entries: Map<unknown, unknown> }).entries.size;
}

const DEPTH_MAX = 6;

/** The sizes of all Maps, Sets and arrays that can be reached from a state without going into another process. */
function tablesIn(root: unknown): Map<string, number> {
  const sizes = new Map<string, number>();
  const seen = new Set<unknown>();
  const visit = (value: unknown, path: string, depth: number): void => {
    if (typeof value !== 'object' || value === null || seen.has(value) || depth > DEPTH_MAX) return;
    const name = value.constructor?.name;
    if (ArrayBuffer.isView(value) || name === 'Process' || name === 'Pid' || name === 'Ref' || name === 'Scheduler')
      return;
    seen.add(value);
    if (value instanceof Map || value instanceof Set || Array.isArray(value)) {
      const count = Array.isArray(value) ? value.length : value.size;
      sizes.set(path, (sizes.get(path) ?? 0) + count);
      const items = value instanceof Map ? value.values() : value;
      for (const item of items) visit(item, `${path}[]`, depth + 1);
      return;
    }
    for (const [key, item] of Object.entries(value))
      if (key !== 'context' && key !== 'env') visit(item, `${path}.${key}`, depth + 1);
  };
  visit(root, '', 0);
  return sizes;
}
