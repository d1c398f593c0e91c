// Who has a disk in a real system: processes of the control thread, when it was started with a data directory.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DiskFile } from '../../src/env/index.ts';
import { startSystem } from '../../src/index.ts';
import { type Context, type Effects, receive } from '../../src/process/index.ts';
import { ask } from '../actors/ledger.ts';

let dataDir = '';
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'warren-data-'));
});
afterAll(() => rmSync(dataDir, { recursive: true }));

function* writing(context: Context<unknown>, name: string): Effects<void> {
  const { disk } = context.env;
  const file = yield* ask<DiskFile>(context, (done) => disk.open(name, 'create', done));
  yield* ask<true>(context, (done) => file.write([new TextEncoder().encode('kept')], 0, done));
  yield* ask<true>(context, (done) => file.sync(done));
  yield* ask<true>(context, (done) => file.close(done));
}

describe('a system with a data directory', () => {
  it.each([0, 1])('has its files on the control thread, beside %i data threads', async (threads) => {
    await using system = await startSystem({ threads, dataDir, logger: 'silent' });
    await system.run((context: Context<unknown>) => writing(context, `file${threads}`));
    expect(readFileSync(join(dataDir, `file${threads}`), 'utf8')).toBe('kept');
  });

  it('has none on its data threads', async () => {
    await using system = await startSystem({ threads: 1, dataDir, logger: 'silent' });
    const code = await system.run(function* (context: Context<unknown>): Effects<string> {
      const module = new URL('../simulation/thread-bodies.ts', import.meta.url).href;
      context.spawn({ module, export: 'listing' }, [context.self], { placement: { thread: 1 } });
      return yield* receive<string>();
    });
    expect(code).toBe('ENODISK');
  });

  it('without one has none anywhere', async () => {
    await using system = await startSystem({ logger: 'silent' });
    await expect(system.run((context: Context<unknown>) => writing(context, 'f'))).rejects.toThrow('ENODISK');
  });
});
