// The end of a system (APP-1, edge case 27): cases that need a whole host process.
import { spawn } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { startSystem } from '../../src/index.ts';
import { PUPPET } from '../actors/puppet.ts';

const sources = new URL('../../src/index.ts', import.meta.url).href;

/** What a child host does: starts a system with much in it, stops it, and has nothing else to wait for. */
const script = (threads: number) => `
  import { startSystem } from ${JSON.stringify(sources)};
  const system = await startSystem({ threads: ${threads}, logger: 'silent' });
  const puppet = ${JSON.stringify(PUPPET)};
  for (let count = 0; count < 20; count++) system.spawn(puppet, [], ${threads === 0 ? '{}' : "{ placement: 'any' }"});
  await system.run(function* (context) { context.sendAfter(86_400_000, 'nobody', 'y'); });
  await system.stop();
  console.log('done');
`;

interface Ended {
  readonly output: string;
  readonly code: number | null;
}

function run(threads: number): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script(threads)]);
    let output = '';
    const keep = (chunk: unknown) => {
      output += String(chunk);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject);
    const bound = setTimeout(() => child.kill('SIGKILL'), 15_000);
    child.on('close', (code) => {
      clearTimeout(bound);
      resolve({ output, code });
    });
  });
}

describe('the end of a system', () => {
  test('APP-1 after stop() the host process ends by itself, single-thread (edge case 27)', async () => {
    expect(await run(0)).toEqual({ output: 'done\n', code: 0 });
  });

  test('APP-1 after stop() the host process ends by itself, threads (edge case 27)', async () => {
    expect(await run(2)).toEqual({ output: 'done\n', code: 0 });
  });

  test.each([0, 2])('APP-1 stop leaves no process, timer or name, on %i data threads', async (threads) => {
    const system = await startSystem({ threads, logger: 'silent' });
    const placement = threads === 0 ? 'here' : 'any';
    for (let count = 0; count < 10; count++) system.spawn(PUPPET, [], { placement, name: `p${count}` });
    await system.stop();
    const { scheduler } = system.engine;
    expect([scheduler.processes.size, scheduler.timers.size, scheduler.names.size]).toEqual([0, 0, 0]);
    expect(() => system.spawn(PUPPET)).toThrow('the system is stopped');
    await system.stop();
  });

  test('APP-1 what was started last is stopped first', async () => {
    const system = await startSystem({ logger: 'silent' });
    const order: string[] = [];
    for (const name of ['first', 'second', 'third']) {
      system.spawn({
        init: (context) => context.own({ close: () => order.push(name) }),
        handle: (state: unknown) => state,
      });
    }
    await system.run(function* () {});
    await system.stop();
    expect(order).toEqual(['third', 'second', 'first']);
  });
});
