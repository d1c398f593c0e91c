// A real Erlang node that runs programs: one long-lived `erl`, asked through its standard input, many programs at a time.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { erlangOf, type Program } from './program.ts';

const SOURCES = ['warren_differential.erl', 'warren_server.erl', 'warren_supervisor.erl', 'warren_statem.erl'];
const START_MS = 30_000;
const ANSWER_MS = 60_000;

/** False where there is no Erlang at all; one that does not work is not excused, and fails when it is started. */
export function hasErlang(): boolean {
  const { error } = spawnSync('erl', ['-noshell', '-eval', 'halt(0).']);
  return (error as NodeJS.ErrnoException | undefined)?.code !== 'ENOENT';
}

/** Compiles the Erlang modules into a new folder. Throws with what the compiler said. */
export function compile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'warren-differential-'));
  const paths = SOURCES.map((file) => fileURLToPath(new URL(file, import.meta.url)));
  const { status, stdout, stderr } = spawnSync('erlc', ['-o', folder, ...paths], { encoding: 'utf8' });
  if (status === 0) return folder;
  rmSync(folder, { recursive: true });
  throw new Error(`erlc failed:\n${stdout}${stderr}`);
}

/** How one run is made: the unit of its times, and which noise is put between its steps. */
export interface RunOptions {
  readonly unitMs: number;
  readonly noise: 0 | 1 | 2;
}

interface Waiting {
  readonly resolve: (text: string) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

export class ErlangNode {
  /** OTP's release, as the node says. */
  release = '';
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, Waiting>();
  private readonly freeSlots: number[] = [];
  private slots = 0;
  private lastId = 0;
  private failure: Error | null = null;
  private said = '';
  private started: (() => void) | null = null;

  private constructor(folder: string, schedulers: number) {
    const flags = ['+S', `${schedulers}:${schedulers}`, '-noshell', '-kernel', 'logger_level', 'none', '-pa', folder];
    this.child = spawn('erl', [...flags, '-s', 'warren_differential', 'main'], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.on('error', (error) => this.fail(error));
    this.child.on('exit', (code, signal) => this.fail(new Error(`erl ended with ${code ?? signal}: ${this.said}`)));
    this.child.stderr?.on('data', (data) => {
      this.said = (this.said + String(data)).slice(-2_000);
    });
    this.child.stdin?.on('error', (error) => this.fail(error));
    if (this.child.stdout !== null) createInterface(this.child.stdout).on('line', (line) => this.hear(line));
  }

  /** Starts a node with so many schedulers. Throws when it does not come up. */
  static async start(folder: string, schedulers: number): Promise<ErlangNode> {
    const node = new ErlangNode(folder, schedulers);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => node.fail(new Error('erl did not start')), START_MS);
      node.waiting.set(0, { resolve: () => {}, reject, timer });
      node.started = resolve;
    });
    clearTimeout(node.waiting.get(0)?.timer);
    node.waiting.delete(0);
    return node;
  }

  /** Runs one program. Throws when the node fails, does not answer, or the program does not come to rest. */
  async run(program: Program, { unitMs, noise }: RunOptions): Promise<string> {
    if (this.failure !== null) throw this.failure;
    const slot = this.freeSlots.pop() ?? this.slots++;
    const id = ++this.lastId;
    try {
      return await new Promise<string>((resolve, reject) => {
        const timer = setTimeout(() => this.fail(new Error(`erl does not answer: ${erlangOf(program)}`)), ANSWER_MS);
        this.waiting.set(id, { resolve, reject, timer });
        this.child.stdin?.write(`{${id},${slot},${unitMs},${noise},${erlangOf(program)}}.\n`);
      });
    } finally {
      clearTimeout(this.waiting.get(id)?.timer);
      this.waiting.delete(id);
      this.freeSlots.push(slot);
    }
  }

  stop(): void {
    this.failure ??= new Error('the node was stopped');
    this.child.kill('SIGKILL');
  }

  private hear(line: string): void {
    if (line.startsWith('ready ')) {
      this.release = line.slice('ready '.length);
      this.started?.();
      return;
    }
    const space = line.indexOf(' ');
    const waiting = this.waiting.get(Number(line.slice(0, space)));
    const text = line.slice(space + 1);
    if (waiting === undefined) this.fail(new Error(`erl says what nobody asked: ${line}`));
    else if (text.startsWith('!')) waiting.reject(new Error(`the program failed on Erlang: ${text}`));
    else waiting.resolve(text);
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.child.kill('SIGKILL');
    for (const { reject } of this.waiting.values()) reject(this.failure);
  }
}
