// The `warren` command as a separate process: its output by line, its exit code, and an end by its own pid. What a test
// starts here it also ends, whatever the test does.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const READY = /^warren: ready amqp=(\S+):(\d+) threads=(\d+)(?: \w+=\S+)* data=(.+)$/m;
const READY_TIMEOUT_MS = 15_000;
const END_TIMEOUT_MS = 15_000;

/** How a process ended. */
export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where and with what the command runs. */
export interface CommandOptions {
  readonly cwd?: string;
  /** Added to the environment, which is otherwise freed of every WARREN_ variable. */
  readonly env?: Readonly<Record<string, string>>;
  /** A command and its arguments that run the process in their own place, such as `nsenter -m`. */
  readonly under?: readonly string[];
}

/** The command while it runs. */
export class RunningCommand implements AsyncDisposable {
  readonly ended: Promise<Ended>;
  private readonly child: ChildProcess;
  private readonly output = { stdout: '', stderr: '' };
  private isOver = false;

  constructor(args: readonly string[], { cwd, env, under = [] }: CommandOptions = {}) {
    const [command, ...rest] = [...under, process.execPath, MAIN, ...args];
    this.child = spawn(command, rest, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...ownEnvironment(), ...env },
      ...(cwd === undefined ? {} : { cwd }),
    });
    for (const stream of ['stdout', 'stderr'] as const) {
      this.child[stream]?.on('data', (text: Buffer) => {
        this.output[stream] += text.toString();
      });
    }
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code, signal) => {
        this.isOver = true;
        resolve({ code, signal, ...this.output });
      });
    });
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  get isRunning(): boolean {
    return !this.isOver;
  }

  /** What it wrote so far to standard error. */
  get stderr(): string {
    return this.output.stderr;
  }

  /** Waits for a match in the standard output. Rejects when the command ends first or stays silent. */
  async line(pattern: RegExp, timeoutMs: number): Promise<RegExpMatchArray> {
    const seen = new Promise<RegExpMatchArray>((resolve) => {
      const look = () => {
        const found = this.output.stdout.match(pattern);
        if (found !== null) resolve(found);
      };
      this.child.stdout?.on('data', look);
      look();
    });
    const over = this.ended.then(({ code, stderr }) => {
      throw new Error(`the command ended with ${code}: ${stderr}`);
    });
    return bounded(Promise.race([seen, over]), timeoutMs, `no line like ${pattern} within ${timeoutMs} ms`);
  }

  /** Sends a signal and waits for the end. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    if (this.isRunning) this.child.kill(signal);
    return bounded(this.ended, END_TIMEOUT_MS, `the command does not end on ${signal}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isRunning) this.child.kill('SIGKILL');
    await this.ended.catch(() => {});
  }
}

/** Runs the command to its end. */
export async function runCommand(args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  await using command = new RunningCommand(args, options);
  return await bounded(command.ended, END_TIMEOUT_MS, `warren ${args.join(' ')} does not end`);
}

/** A broker in a process of its own, ready. */
export interface BrokerProcess extends AsyncDisposable {
  readonly command: RunningCommand;
  readonly host: string;
  readonly amqpPort: number;
  readonly url: string;
  /** From the start of the process to its ready line. */
  readonly readyMs: number;
  readonly threads: number;
  readonly data: string;
}

/** Starts `warren start` with these options and waits for its ready line. */
export async function startBrokerProcess(
  args: readonly string[],
  options: CommandOptions = {},
): Promise<BrokerProcess> {
  const startedMs = performance.now();
  const command = new RunningCommand(['start', ...args], options);
  try {
    const [, host, amqpPort, threads, data] = await command.line(READY, READY_TIMEOUT_MS);
    return {
      command,
      host,
      amqpPort: Number(amqpPort),
      url: `amqp://guest:guest@${host}:${amqpPort}`,
      readyMs: performance.now() - startedMs,
      threads: Number(threads),
      data,
      [Symbol.asyncDispose]: () => command[Symbol.asyncDispose](),
    };
  } catch (error) {
    await command[Symbol.asyncDispose]();
    throw error;
  }
}

/** The lines of a log that tell of something that went wrong. A slow handler is only a busy machine. */
export function complaintsIn(stderr: string): readonly string[] {
  const isComplaint = (line: string) => !line.startsWith('{"level":') || /^{"level":(40|50|60),/.test(line);
  return stderr
    .split('\n')
    .filter((line) => line !== '' && isComplaint(line) && !line.includes('"msg":"long handler"'));
}

function ownEnvironment(): Record<string, string | undefined> {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('WARREN_') && name !== 'NODE_ENV');
  return Object.fromEntries(kept);
}

async function bounded<T>(promise: Promise<T>, timeoutMs: number, text: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(text)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
