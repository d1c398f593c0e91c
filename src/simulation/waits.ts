// Who waits for what when nothing can happen any more: a deadlock told by names, and the circle of those who wait for
// each other's answers.
import { flags, type Process } from '../process/index.ts';
import type { World } from './world.ts';

export interface Waits {
  /** One line for each process that lives. */
  readonly waiting: readonly string[];
  /** Those who wait for each other, the first one again at the end; empty when there is no circle. */
  readonly cycle: readonly string[];
}

const CODE_MAX = 60;

/** What every process of the world waits for. */
export function waitsOf(world: World): Waits {
  const processes = world.processes();
  const answers = new Map<string, string>();
  const waiting = processes.map((process) => {
    const name = String(world.seatOf(process.self));
    const server = serverOf(process, world);
    if (server !== null) answers.set(name, server);
    return `${name} ${server === null ? waitOf(process) : `waits for an answer of ${server}`}${unread(process)}`;
  });
  return { waiting, cycle: circleIn(answers) };
}

/** The one a call under way was sent to: its ref is that of a monitor. */
function serverOf(process: Process, world: World): string | null {
  const ref = process.continuation?.receiving?.ref ?? null;
  const target = ref === null ? null : (process.monitors?.held.get(ref)?.target ?? null);
  return target === null ? null : String(world.seatOf(target));
}

function waitOf(process: Process): string {
  if ((process.flags & flags.BLOCKED) !== 0) return 'waits for the runtime';
  const receiving = process.continuation?.receiving;
  if (receiving == null) return 'waits for its next message';
  if (receiving.match === null) return 'waits for any message';
  const code = receiving.match.toString().replace(/\s+/g, ' ');
  return `waits for a message with ${code.length > CODE_MAX ? `${code.slice(0, CODE_MAX)}...` : code}`;
}

function unread({ mailbox }: Process): string {
  if (mailbox.length === 0) return '';
  return mailbox.length === 1 ? ', not the one in its mailbox' : `, not one of the ${mailbox.length} in its mailbox`;
}

function circleIn(answers: ReadonlyMap<string, string>): string[] {
  for (const start of answers.keys()) {
    const path: string[] = [];
    for (let at: string | undefined = start; at !== undefined; at = answers.get(at)) {
      const seen = path.indexOf(at);
      if (seen >= 0) return [...path.slice(seen), at];
      path.push(at);
    }
  }
  return [];
}
