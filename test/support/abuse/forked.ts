// A module in a process of its own that answers questions, one at a time. What a test starts here it also ends.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

const READY_MS = 15_000;

export class Forked<Question extends object, Answer> implements AsyncDisposable {
  private readonly child: ChildProcess;
  /** What it wrote to standard error. */
  stderr = '';

  private constructor(child: ChildProcess) {
    this.child = child;
    child.stderr?.on('data', (text: Buffer) => {
      this.stderr += text.toString();
    });
  }

  /** Starts a module, and waits for the first message it sends. Rejects when it ends or says nothing. */
  static async start<Question extends object, Answer, Ready>(
    module: URL,
    args: readonly string[],
  ): Promise<{ readonly process: Forked<Question, Answer>; readonly ready: Ready }> {
    const execArgv = ['--expose-gc'];
    const child = fork(module, args, { execArgv, stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
    const forked = new Forked<Question, Answer>(child);
    return { process: forked, ready: (await forked.next(READY_MS)) as Ready };
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Asks, and waits for the answer. Rejects when the process ends first or is silent for so long. */
  async ask(question: Question, timeoutMs = 60_000): Promise<Answer> {
    const answer = this.next(timeoutMs);
    this.child.send(question);
    return (await answer) as Answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isRunning) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }

  private next(timeoutMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`silent for ${timeoutMs} ms: ${this.stderr}`)), timeoutMs);
      const onExit = (): void => reject(new Error(`the process has ended: ${this.stderr}`));
      this.child.once('exit', onExit);
      this.child.once('message', (message) => {
        clearTimeout(late);
        this.child.off('exit', onExit);
        resolve(message);
      });
    });
  }
}
