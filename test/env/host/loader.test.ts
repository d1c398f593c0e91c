// What the loader says of a module that does not come: a top level that waits for a process of its own module would
// hang without a word.
import { describe, expect, it } from 'vitest';
import { HostLoader } from '../../../src/env/host/index.ts';

const moduleOf = (source: string) => `data:text/javascript,${encodeURIComponent(source)}`;

function logged() {
  const lines: unknown[] = [];
  return { lines, logger: { log: (...line: readonly unknown[]) => void lines.push(line) } };
}

describe('the loader', () => {
  it('tells of a module whose top level is still running, by its URL', async () => {
    const { lines, logger } = logged();
    const module = moduleOf('await new Promise(() => {}); export function* body() {}');
    new HostLoader(logger, 1).load({ module, export: 'body' }, () => {});
    await expect.poll(() => lines).toMatchObject([['warning', 'module does not load', { module, forMs: 1 }]]);
  });

  it('names a module that is not there, and not the file that looked for it', async () => {
    const errorOf = (module: string) =>
      new Promise<unknown>((resolve) => {
        new HostLoader().load({ module, export: 'body' }, (outcome) => resolve('error' in outcome && outcome.error));
      });
    const module = new URL('./none.ts', import.meta.url).href;
    expect(await errorOf(module)).toMatch(/Cannot find module .*none\.ts'?$/);
    for (const relative of ['./none.ts', '../none.ts']) {
      expect(await errorOf(relative)).toBe(`'${relative}' is no URL: name a module by its import.meta.url`);
    }
  });

  it('says nothing of one that has come, nor of one that fails', async () => {
    const { lines, logger } = logged();
    const loader = new HostLoader(logger, 200);
    const load = (module: string) => new Promise((done) => loader.load({ module, export: 'body' }, done));
    expect(await load(moduleOf('export function* body() {}'))).toMatchObject({ body: expect.any(Function) });
    expect(await load(moduleOf('throw new Error("no")'))).toMatchObject({ error: expect.stringContaining('no') });
    await new Promise((done) => setTimeout(done, 250));
    expect(lines).toEqual([]);
  });
});
