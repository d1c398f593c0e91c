// What a body has left behind when everything has come to rest (R12), in words and by spawn path.
import type { World } from './world.ts';

/** One line for each thing that is left; empty when nothing is. */
export function leaksOf(world: World): string[] {
  const leaks: string[] = [];
  for (const process of world.processes()) {
    const seat = world.seatOf(process.self);
    const name = process.extras?.name ?? null;
    const unread = process.mailbox.length;
    leaks.push(`${seat} is alive${name === null ? '' : ` and has the name '${name}'`}`);
    if (unread > 0) leaks.push(`${seat} has not read ${unread} messages`);
  }
  for (const { origin, timers } of world.threads) {
    const ofDisk = origin.thread === 0 ? world.machine.disk.timers : 0;
    const left = timers.size - timers.ownedBy(origin) - ofDisk;
    if (left > 0) leaks.push(`${left} timers to names or other threads are running`);
  }
  const { size } = world.machine.net.sockets;
  if (size > 0) leaks.push(`${size} sockets are open`);
  const { openFiles } = world.machine.disk;
  if (openFiles > 0) leaks.push(`${openFiles} files are open`);
  return leaks;
}
