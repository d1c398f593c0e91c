// Question: what is there already while the load runs? Idle connections, idle queues and messages that wait in a queue
// of their own: how the cost of a message grows with what does not move. All of it is removed after the run.

import hostProcess from 'node:process';
import { publishConfirmed } from './backlog.ts';
import { LoadConnection, READ_BYTES_MIN } from './connection.ts';
import { inTurns } from './in-turns.ts';
import type { Meter } from './meter.ts';
import type { LoadOptions } from './options.ts';

const IDLE_READ_BYTES = 4096;

/** Puts everything there; the returned function takes it away. */
export async function standBy(options: LoadOptions, meter: Meter): Promise<() => Promise<void>> {
  const { idleConnections, idleQueues, idleMessages, openAtOnce } = options;
  if (idleConnections + idleQueues + idleMessages === 0) return async () => {};
  const failed = (error: Error) => meter.fail(error);
  const run = `standing-${hostProcess.pid}`;
  const idle: LoadConnection[] = [];
  await inTurns(Array.from({ length: idleConnections }), openAtOnce, async () => {
    idle.push(await LoadConnection.open(options, IDLE_READ_BYTES, { failed }));
  });
  // Queues go with the connections they belong to; several of these, because one waits for each answer.
  const owners: LoadConnection[] = [];
  for (let index = 0; index < openAtOnce; index++) {
    owners.push(await LoadConnection.open(options, READ_BYTES_MIN, { failed }));
  }
  const free = [...owners];
  await inTurns([...Array(idleQueues).keys()], free.length, async (index) => {
    const owner = free.pop();
    if (owner === undefined) throw new Error('more work than connections');
    await declare(owner, `${run}-${index}`);
    free.push(owner);
  });
  if (idleMessages > 0) {
    await declare(owners[0], run, false);
    await publishConfirmed({ ...options, bodyBytes: 1024, isPersistent: false }, run, idleMessages, meter);
  }
  return async () => {
    if (idleMessages > 0) await owners[0].call(50, 40, [{ u16: 0 }, { short: run }, { u8: 0 }]);
    await inTurns([...idle, ...owners], openAtOnce, (connection) => connection.close());
  };
}

async function declare(connection: LoadConnection, name: string, isExclusive = true): Promise<void> {
  // Flag 4 is `exclusive`.
  await connection.call(50, 10, [{ u16: 0 }, { short: name }, { u8: isExclusive ? 4 : 0 }, { u32: 0 }]);
}
