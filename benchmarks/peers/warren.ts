// Question: what does plain `npm start` do? Our own broker as a target: the command line of this checkout, in a data
// directory of its own, on any free TCP port, with the defaults otherwise. No flags for benchmarks.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import hostProcess from 'node:process';
import { fileURLToPath } from 'node:url';
import { OURS } from '../results.ts';
import { freeTcpPort, startProcess, type TargetStart } from './target.ts';

const CLI = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const READY = /warren: ready amqp=\S* (.*)/;
const READY_TIMEOUT_MS = 10_000;

/** Starts Warren; `options` are further options of `warren start`. */
export async function startWarren(options: readonly string[] = []): Promise<TargetStart> {
  const dataDir = mkdtempSync(join(tmpdir(), 'warren-bench-'));
  const amqpPort = await freeTcpPort();
  const where = ['--data-dir', dataDir, '--amqp-port', String(amqpPort)];
  const args = [CLI, 'start', ...where, '--log-level', 'error', ...options];
  const start = () => startProcess(hostProcess.execPath, args);
  let running = await start();
  const end = async () => {
    await running.end();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    const [, rest] = await running.line(READY, READY_TIMEOUT_MS);
    return {
      name: OURS,
      description: `Warren (${rest.replace(/ data=.*/, '').trim()}), Node ${hostProcess.versions.node}`,
      amqpPort,
      pid: running.pid,
      relaunch: async () => {
        await running.kill();
        running = await start();
      },
      [Symbol.asyncDispose]: end,
    };
  } catch (error) {
    await end();
    return { skipped: `Warren does not start: ${error instanceof Error ? error.message : error}` };
  }
}
