// Question: which brokers take part? What the broker cases need of a broker: where it listens, its process, and a way to
// end it. Every target is started by us, listens on loopback on a free TCP port and keeps nothing after its end.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A broker that accepts connections. */
export interface Target extends AsyncDisposable {
  readonly name: string;
  /** Name and version, for the head of the table. */
  readonly description: string;
  readonly amqpPort: number;
  readonly pid: number;
  /** Kills it with SIGKILL and starts it again on the same data; only where it keeps any. */
  relaunch?(): Promise<void>;
  /** Runs its own control program with these arguments; what that prints. */
  control?(...args: readonly string[]): Promise<string>;
}

/** A target, or one line that says why it is not there. */
export type TargetStart = Target | { readonly skipped: string };

/** A TCP port of the loopback interface that was free a moment ago. */
export async function freeTcpPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  return address.port;
}

/** A started child: its output so far, and how to end it by its pid. */
export interface TargetProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Waits for a line of stdout that matches. Rejects when the child ends first or stays silent. */
  line(pattern: RegExp, timeoutMs: number): Promise<RegExpMatchArray>;
  /** SIGTERM, then SIGKILL after a while; resolves when the process is gone. */
  end(): Promise<void>;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
}

const OUTPUT_CHARS_MAX = 20_000;
const END_TIMEOUT_MS = 10_000;

/** Starts a program. Rejects when it cannot be started at all. */
export async function startProcess(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<TargetProcess> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  await once(child, 'spawn');
  const closed = once(child, 'close').then(() => undefined);
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.on('data', (text: Buffer) => {
      output[stream] = (output[stream] + text.toString()).slice(-OUTPUT_CHARS_MAX);
    });
  }
  return {
    child,
    pid: child.pid ?? -1,
    line: (pattern, timeoutMs) => waitForLine(child, closed, output, pattern, timeoutMs),
    async kill() {
      child.kill('SIGKILL');
      await closed;
    },
    async end() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), END_TIMEOUT_MS);
      await closed;
      clearTimeout(timer);
    },
  };
}

function waitForLine(
  child: ChildProcess,
  closed: Promise<void>,
  output: { readonly stdout: string; readonly stderr: string },
  pattern: RegExp,
  timeoutMs: number,
): Promise<RegExpMatchArray> {
  return new Promise((resolve, reject) => {
    const fail = (text: string) => {
      clearTimeout(timer);
      reject(new Error(`it ${text}: ${reasonOf(output.stderr || output.stdout)}`));
    };
    const timer = setTimeout(() => fail('is not ready in time'), timeoutMs);
    const look = () => {
      const found = pattern.exec(output.stdout);
      if (found === null) return;
      clearTimeout(timer);
      child.stdout?.off('data', look);
      resolve(found);
    };
    child.stdout?.on('data', look);
    closed.then(() => fail('ended early'));
    look();
  });
}

/** The line of a program's last words that says why: the first that names an error, else the last one. */
function reasonOf(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  return (lines.find((line) => /error/i.test(line)) ?? lines.at(-1) ?? 'no message').trim();
}
