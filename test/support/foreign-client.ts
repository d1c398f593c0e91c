// A client in another language as a separate process: what it says, line by line, and whether it is installed.
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** How one client is started. */
export interface ForeignClient {
  readonly name: string;
  /** Debian's packages of it, for the line that says it is not there. */
  readonly packages: string;
  /** Whether it is there: a command that ends with 0. */
  readonly probe: readonly [string, ...string[]];
  /** Makes what `run` runs; may take minutes, where a compiler has nothing ready. */
  readonly prepare?: readonly [string, ...string[]];
  /** The command; host and TCP port are added to it. */
  readonly run: readonly [string, ...string[]];
  /** What it says beyond, or other than, the common lines. */
  readonly expected?: Readonly<Record<string, string>>;
}

/** The path of a driver below test/clients. */
export function driver(path: string): string {
  return fileURLToPath(new URL(`../clients/${path}`, import.meta.url));
}

export function isInstalled({ probe: [program, ...args] }: ForeignClient): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

export async function prepare({ prepare: command }: ForeignClient): Promise<void> {
  if (command === undefined) return;
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: 'inherit' });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}`);
}

/** Runs a client to its end; `onRestart` is called when it says that the broker may go and come back. */
export async function runClient(
  { run: [program, ...args] }: ForeignClient,
  at: { readonly host: string; readonly tcpPort: number },
  onRestart: () => Promise<void>,
): Promise<Record<string, string>> {
  const child = spawn(program, [...args, at.host, String(at.tcpPort)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said: Record<string, string> = {};
  let rest = '';
  let complaints = '';
  let restart: Promise<void> = Promise.resolve();
  child.stdout.on('data', (bytes: Buffer) => {
    const lines = (rest + bytes.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [, name, value] = /^(\w+): (.*)$/.exec(line) ?? [];
      if (name === 'restart') restart = onRestart();
      else if (name !== undefined) said[name] = value;
    }
  });
  child.stderr.on('data', (bytes: Buffer) => {
    complaints += bytes.toString();
  });
  const late = setTimeout(() => child.kill('SIGKILL'), 60_000);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearTimeout(late);
  await restart;
  if (code !== 0) throw new Error(`ended with ${code} after ${JSON.stringify(said)}: ${complaints.slice(-2_000)}`);
  return said;
}
