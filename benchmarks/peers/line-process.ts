// Question: how are figures fetched from another process? A child that answers each line on its stdin with one line on
// its stdout. A child that ends or stays silent fails the question with what it wrote to stderr; it is ended by its pid.

import { type ChildProcess, spawn } from 'node:child_process';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';

const STDERR_CHARS_MAX = 2000;
const WORDS_CHARS_MAX = 300;

interface Question {
  readonly resolve: (line: string) => void;
  readonly reject: (error: Error) => void;
}

/** A command, its arguments and what differs from the own environment. */
export interface LineCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly answerTimeoutMs: number;
}

/** A running child; one question at a time. */
export class LineProcess {
  readonly #child: ChildProcess;
  readonly #answerTimeoutMs: number;
  readonly #ended: Promise<void>;
  #question: Question | undefined;
  #stderr = '';
  #isEnded = false;

  constructor({ command, args, env, answerTimeoutMs }: LineCommand) {
    this.#answerTimeoutMs = answerTimeoutMs;
    this.#child = spawn(command, args, { stdio: 'pipe', env: { ...process.env, ...env } });
    this.#ended = new Promise((resolve) => {
      const end = (text: string) => {
        this.#isEnded = true;
        this.#question?.reject(new Error(`${basename(command)} ${text}: ${this.#words()}`));
        resolve();
      };
      this.#child.once('error', (error) => end(`did not start (${error.message})`));
      this.#child.once('close', (code, signal) => end(`ended with ${signal ?? code}`));
    });
    this.#child.stdin?.on('error', () => undefined);
    this.#child.stderr?.on('data', (text: Buffer) => {
      this.#stderr = (this.#stderr + text.toString()).slice(-STDERR_CHARS_MAX);
    });
    if (this.#child.stdout !== null) {
      createInterface({ input: this.#child.stdout }).on('line', (line) => this.#question?.resolve(line));
    }
  }

  /** Writes a line and waits for the next one. Rejects when the child ends or takes too long. */
  async ask(line: string): Promise<string> {
    if (this.#isEnded) throw new Error(`the process has ended: ${this.#words()}`);
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<string>((resolve, reject) => {
        this.#question = { resolve, reject };
        timer = setTimeout(() => reject(new Error('no answer in time')), this.#answerTimeoutMs);
        this.#child.stdin?.write(`${line}\n`);
      });
    } finally {
      clearTimeout(timer);
      this.#question = undefined;
    }
  }

  /** What it wrote to stderr, on one line. */
  #words(): string {
    return this.#stderr.trim().replace(/\s+/g, ' ').slice(0, WORDS_CHARS_MAX) || 'no message';
  }

  /** Ends the child and waits until it is gone. */
  async close(): Promise<void> {
    if (!this.#isEnded) this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
