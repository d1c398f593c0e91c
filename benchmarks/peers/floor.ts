// Question: what could one Node thread do at most? The floor, a program outside this repository that relays messages
// with no features, safety or storage; it is given its TCP port and prints a line when it listens.

import { existsSync } from 'node:fs';
import hostProcess from 'node:process';
import { freeTcpPort, startProcess, type TargetStart } from './target.ts';

const READY = /floor \d+/;
const READY_TIMEOUT_MS = 10_000;

/** Starts the floor program at `path` (`--floor FILE` or WARREN_BENCH_FLOOR). */
export async function startFloor(path: string | undefined): Promise<TargetStart> {
  if (path === undefined) return { skipped: 'the floor: name its program with --floor FILE or WARREN_BENCH_FLOOR' };
  if (!existsSync(path)) return { skipped: `the floor: there is no file ${path}` };
  const amqpPort = await freeTcpPort();
  const running = await startProcess(hostProcess.execPath, [path, String(amqpPort)]);
  try {
    await running.line(READY, READY_TIMEOUT_MS);
  } catch (error) {
    await running.end();
    return { skipped: `the floor does not start: ${error instanceof Error ? error.message : error}` };
  }
  return {
    name: 'floor',
    description: `the floor program, Node ${hostProcess.versions.node}`,
    amqpPort,
    pid: running.pid,
    [Symbol.asyncDispose]: running.end,
  };
}
