import { execFile } from 'node:child_process';
import hostProcess from 'node:process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);

/** Runs a module of its own in a fresh Node; rejects when it does not end by itself. */
async function runAlone(body: string): Promise<string> {
  const source = `
    import { startThreads } from '${new URL('src/threads/index.ts', root)}';
    import { System } from '${new URL('src/system/index.ts', root)}';
    import { silentLogger } from '${new URL('src/env/host/index.ts', root)}';
    import { receive } from '${new URL('src/process/index.ts', root)}';
    import * as actors from '${new URL('test/actors/threads.ts', root)}';
    const at = (thread) => ({ placement: { thread } });
    const start = (options) => startThreads({ threads: 2, strict: true, logger: silentLogger, ...options });
    ${body}
    console.log('done');`;
  const run = promisify(execFile);
  const { stdout } = await run(hostProcess.execPath, ['--input-type=module', '--eval', source], { timeout: 15_000 });
  return stdout.trim();
}

it('APP-1 Node exits by itself after stop, also with processes, timers, offloaded work and a dead thread', async () => {
  const body = `
    const engine = await start();
    const system = new System(engine);
    await system.run(function* (context) {
      context.spawn(actors.ECHO, [], at(1));
      context.spawn(actors.NAMED, ['bob', context.self], at(2));
      yield* receive();
      context.sendAfter(3_600_000, context.self, 'late');
      const { ref } = context.spawnMonitor(actors.OFFLOADER, [context.self, 'add', [1, 2]], at(1));
      yield* receive();
      yield* receive();
      context.spawnMonitor(actors.ECHO, [], at(1));
      engine.kill(1);
      yield* receive();
    });
    await system.stop();`;
  expect(await runAlone(body)).toBe('done');
}, 20_000);

it('APP-1 stop does not wait for a thread that spins', async () => {
  const body = `
    const engine = await start();
    const system = new System(engine);
    await system.run(function* (context) {
      const pid = context.spawn(actors.SPINNER, [], at(1));
      context.send(pid, 'go');
      const echo = context.spawn(actors.ECHO, [], at(2));
      context.send(echo, { from: context.self });
      yield* receive();
    });
    await engine.stop();`;
  expect(await runAlone(body)).toBe('done');
}, 20_000);

it('APP-1 Node exits by itself after a start that failed', async () => {
  const body = `
    const envModule = { module: 'file:///no/such/module.ts', export: 'env' };
    await start({ envModule }).catch(() => {});`;
  expect(await runAlone(body)).toBe('done');
}, 20_000);
