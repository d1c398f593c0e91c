// The package as its users get it: packed, unpacked elsewhere, run by the oldest Node line that it promises (22), by
// one that is too old, and read by a type checker.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import hostProcess from 'node:process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installPacked, type Project, ROOT } from './install.ts';

const run = promisify(execFile);
const NODE_22 = join(ROOT, 'node_modules/node22/bin/node');
const PINNED = join(ROOT, 'node_modules/.bin/node');
const RUN_MS = 30_000;

/** The version of a Node binary as numbers, or null where there is none. */
function versionOf(binary: string): readonly [number, number] | null {
  if (!existsSync(binary)) return null;
  const [major, minor] = execFileSync(binary, ['-p', 'process.versions.node'], { encoding: 'utf8' }).split('.');
  return [Number(major), Number(minor)];
}

/** A Node of this machine that is older than 22.18: the one npm runs on, or an installed one. */
function tooOldNode(): string | undefined {
  const places = [hostProcess.env.npm_node_execpath ?? '', '/usr/local/bin/node', '/usr/bin/node'];
  return places.find((binary) => {
    const version = versionOf(binary);
    return version !== null && (version[0] < 22 || (version[0] === 22 && version[1] < 18));
  });
}

let project: Project;

beforeAll(async () => {
  project = await installPacked();
}, 120_000);
afterAll(() => project?.[Symbol.asyncDispose]());

/** Runs one of the consumer's files on Node 22 and reads the line it prints. */
async function consume(file: string): Promise<unknown> {
  const { stdout } = await run(NODE_22, [file], { cwd: project.folder, timeout: RUN_MS });
  return JSON.parse(stdout);
}

describe('the pinned hosts', () => {
  it("npm's scripts run on the pinned Node 26, also from a machine that has another one", () => {
    expect(versionOf(PINNED)?.[0]).toBe(26);
    expect(versionOf(NODE_22)?.[0]).toBe(22);
    const version = execFileSync('npm', ['exec', '--no', '--', 'node', '-p', 'process.version'], { cwd: ROOT });
    expect(version.toString()).toMatch(/^v26\./);
  });
});

describe('the tarball', () => {
  it('holds what the exports map and bin name, and no source', () => {
    const { bin, exports } = project.manifest;
    const named = Object.values(exports).flatMap((entry) =>
      typeof entry === 'string' ? [entry] : [entry.types, entry.default],
    );
    const files = [...named, ...Object.values(bin)].map((path) => path.replace(/^\.\//, ''));
    expect(files.filter((path) => !project.files.includes(path))).toEqual([]);
    expect(project.files.filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))).toEqual([]);
    const beside = project.files.filter((path) => !path.startsWith('dist/')).sort();
    expect(beside).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
  });

  it('has types that a strict consumer can read', async () => {
    await writeFile(
      join(project.folder, 'consumer.ts'),
      `import { type Context, type Pid, receive, startSystem } from 'warren';
import { FrameReader } from 'warren/amqp';
import { type Broker, startBroker } from 'warren/broker';
import { type Overview, overview } from 'warren/management';
import { type ProcessInfo, processInfo } from 'warren/observe';
import { simulate } from 'warren/testing';

export async function main(): Promise<number> {
  const system = await startSystem({ threads: 1 });
  const info: ProcessInfo | undefined = await system.run((context: Context<unknown>) => processInfo(context.self));
  return info === undefined ? 0 : info.reductions;
}
export function wrong(context: Context<string>, pid: Pid<{ tag: 'a' }>): void {
  context.send(pid, { tag: 'a' });
  // @ts-expect-error: outside the protocol of the process
  context.send(pid, { tag: 'b' });
}
export const all: readonly unknown[] = [FrameReader, startBroker, overview, receive, simulate];
export type All = readonly [Broker, Overview];
`,
    );
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--types', 'node'];
    // tsc writes its complaints to stdout.
    const { stdout } = await run(
      join(ROOT, 'node_modules/.bin/tsc'),
      [...options, '--lib', 'es2024,esnext.disposable', 'consumer.ts'],
      {
        cwd: project.folder,
      },
    ).catch((error: { stdout: string }) => error);
    expect(stdout).toBe('');
  });
});

describe('the package on Node 22', () => {
  it('loads all six entry points', async () => {
    const kinds = (await consume('entries.mjs')) as Record<string, string>;
    expect(Object.entries(kinds).filter(([, kind]) => kind !== 'function')).toEqual([]);
    expect(Object.keys(kinds)).toHaveLength(13);
  });

  it('spawns processes on two data threads by module and export', async () => {
    const { version, threads, answers } = (await consume('threads.mjs')) as {
      version: string;
      threads: number[];
      answers: { text: string; threadId: number }[];
    };
    expect(version).toMatch(/^v22\./);
    expect(threads).toHaveLength(2);
    expect(answers.map(({ text }) => text)).toEqual(threads.map((thread) => `to ${thread}`));
    // Thread 0 of the host is the one that called: both answers come from other threads, and from two.
    expect(new Set([0, ...answers.map(({ threadId }) => threadId)]).size).toBe(3);
  });

  it("carries a client's message through a broker on two data threads", async () => {
    expect(await consume('round-trip.mjs')).toMatchObject({
      version: expect.stringMatching(/^v22\./),
      text: 'hello',
      children: { supervisors: expect.any(Number) },
    });
  });

  it('runs the command: ready line, and a clean stop on SIGTERM', async () => {
    const command = join(project.installed, project.manifest.bin.warren);
    const child = spawn(NODE_22, [command, 'start', '--memory', '--amqp-port', '0', '--threads', '1'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
    const ready = await Promise.race([firstLine(child.stdout), ended]);
    expect(ready).toMatch(/^warren: ready amqp=127\.0\.0\.1:\d+ threads=1 data=memory$/);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });
});

function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve) => createInterface({ input: stream }).once('line', resolve));
}

describe('the package on a Node that is too old', () => {
  const old = tooOldNode();

  it.skipIf(old === undefined)('ends with one clear line and a code that is not 0', async () => {
    const command = join(project.installed, project.manifest.bin.warren);
    const outcome = await run(old ?? '', [command, 'start'], { timeout: RUN_MS }).then(
      () => ({ code: 0, stdout: '', stderr: '' }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
    expect(outcome.code).toBe(1);
    expect(outcome.stdout).toBe('');
    expect(outcome.stderr).toMatch(/^warren: needs Node 22\.18 or newer, this is \d+\.\d+\.\d+\n$/);
  });
});
