// A page in headless Chromium: serves it, runs it, and returns what its script says. The browser is Debian's, driven by
// nothing but its command line; it ends with the test.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const PAGE_MS = 25_000;

/** The browser's program; null where there is none. */
export function findChromium(): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const paths = folders.flatMap((folder) => ['chromium', 'chromium-browser'].map((name) => join(folder, name)));
  return paths.find((path) => existsSync(path)) ?? null;
}

/** What a page runs, as a module that may import `/client.mjs`, and what ends with it. */
export interface Page {
  readonly script: string;
  readonly broker: AsyncDisposable;
}

/** Runs the page that `make` makes for the origin it gets; resolves with what it posts to `/done`. */
export async function runPage(
  program: string,
  client: Uint8Array,
  make: (origin: string) => Promise<Page>,
): Promise<string> {
  let page: Page | null = null;
  let say: (text: string) => void = () => {};
  const said = new Promise<string>((resolve) => {
    say = resolve;
  });
  const server = createServer(async (request, response) => {
    if (request.url === '/client.mjs') response.setHeader('Content-Type', 'text/javascript').end(client);
    else if (request.url === '/done') {
      const chunks: Uint8Array[] = await request.toArray();
      response.end();
      say(Buffer.concat(chunks).toString());
    } else {
      response.setHeader('Content-Type', 'text/html');
      response.end(`<!doctype html><body><script type="module">${page?.script ?? ''}</script>`);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  page = await make(origin);
  const profile = mkdtempSync(join(tmpdir(), 'warren-chromium-'));
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'];
  const child = spawn(program, [...flags, `--user-data-dir=${profile}`, '--remote-debugging-port=0', origin], {
    stdio: 'ignore',
    detached: true,
  });
  const ended = once(child, 'exit');
  const late = setTimeout(() => say(`nothing within ${PAGE_MS} ms`), PAGE_MS);
  try {
    return await said;
  } finally {
    clearTimeout(late);
    // Its own group: the browser is many processes.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    await page.broker[Symbol.asyncDispose]();
    server.closeAllConnections();
    server.close();
  }
}
