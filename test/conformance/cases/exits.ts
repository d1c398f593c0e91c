// EXI-1...5: how a process ends, and what an exit signal does to another.
import { type Context, type Effects, pause, receive } from '../../../src/process/index.ts';
import type { ErrorReason, Mfa, Pid } from '../../../src/term/index.ts';
import type { Case } from '../case.ts';
import { equal, holds } from '../check.ts';

const actor = (name: string): Mfa => ({ module: import.meta.url, export: name });

/** Ends in the way its argument says. */
export function* endBy(context: Context<unknown>, way: string): Effects<unknown> {
  yield* pause();
  if (way === 'throw') throw new TypeError('thrown on purpose');
  if (way === 'throw text') throw 'only text';
  if (way === 'exit') context.exit({ tag: 'gone', detail: [1, 2] });
  if (way === 'kill') context.exit('kill');
  return 'a value that nobody sees';
}

/** A function that is no generator ends when it returns. */
export function endAtOnce(context: Context<unknown>, to: Pid<unknown>): void {
  context.send(to, 'was here');
}

/** Sends itself an exit signal, then says whether it still runs. */
export function* exitItself(context: Context<unknown>, to: Pid<unknown>, reason: unknown, traps: boolean) {
  context.trapExit(traps);
  context.exit(context.self, reason);
  context.send(to, 'still running');
  context.send(to, yield* receive());
}

export const exitCases: readonly Case[] = [
  {
    title: 'EXI-1 a body that returns ends with normal, exit(R) with R',
    *run(t) {
      equal(yield* t.down(t.spawnMonitor(actor('endBy'), ['return']).ref), 'normal', 'return');
      equal(yield* t.down(t.spawnMonitor(actor('endBy'), ['exit']).ref), { tag: 'gone', detail: [1, 2] }, 'exit');
      equal(yield* t.down(t.spawnMonitor(actor('endAtOnce'), [t.context.self]).ref), 'normal', 'a plain function');
      equal(yield* t.next('its message'), 'was here', 'what the plain function sent');
    },
  },
  {
    title: 'EXI-1 a thrown error becomes data: name, message and stack',
    *run(t) {
      const { error, tag } = (yield* t.down(t.spawnMonitor(actor('endBy'), ['throw']).ref)) as ErrorReason;
      equal([tag, error.name, error.message], ['error', 'TypeError', 'thrown on purpose'], 'the reason');
      holds(error.stack?.includes('endBy') === true, `the stack names where it was thrown: ${error.stack}`);
      holds(!(error instanceof Error), 'a reason is data, not a live Error');
      const other = (yield* t.down(t.spawnMonitor(actor('endBy'), ['throw text']).ref)) as ErrorReason;
      equal([other.error.name, other.error.message], ['nocatch', 'only text'], 'the reason after throwing text');
    },
  },
  {
    title: 'EXI-1 unknown code is the exit reason of the child; spawn itself succeeds',
    *run(t) {
      const noExport = t.spawnMonitor(actor('no such export'));
      equal(((yield* t.down(noExport.ref)) as { tag: string }).tag, 'undef', 'a missing export');
      const noModule = t.spawnMonitor({ module: new URL('./no-such-module.ts', import.meta.url).href, export: 'x' });
      equal(((yield* t.down(noModule.ref)) as { tag: string }).tag, 'undef', 'a missing module');
    },
  },
  {
    title: 'EXI-2 exit(P, normal) does not stop P and leaves nothing in its mailbox',
    edges: [1],
    *run(t) {
      const [a, b] = t.puppets(2);
      t.context.exit(b, 'normal');
      equal(yield* t.ask(b, { do: 'drain' }), [], 'the mailbox of B');
      const answers = yield* t.askAll(a, { do: 'exit', to: b, reason: 'normal' }, { do: 'isAlive', to: b });
      equal(answers[1], true, 'B alive after exit(B, normal)');
    },
  },
  {
    title: 'EXI-2 another reason ends P with that reason, whoever sends it',
    *run(t) {
      const b = t.puppet();
      const ref = t.context.monitor(b);
      t.context.exit(b, { tag: 'because', of: ['a', 1] });
      equal(yield* t.down(ref), { tag: 'because', of: ['a', 1] }, 'the end of B');
      const { pid, ref: second } = t.spawnMonitor(actor('exitItself'), [t.context.self, 'normal', true]);
      equal(yield* t.next('a sign'), 'still running', 'a trapping process');
      equal(yield* t.next('its EXIT'), { tag: 'EXIT', from: pid, reason: 'normal' }, 'what it got');
      equal(yield* t.down(second), 'normal', 'its end');
    },
  },
  {
    title: 'EXI-2 a trapping P gets the exit as a message, also unlinked and also for normal',
    *run(t) {
      const [a, b] = t.puppets(2);
      yield* t.ask(b, { do: 'trapExit', on: true });
      yield* t.askAll(
        a,
        { do: 'exit', to: b, reason: 'normal' },
        { do: 'exit', to: b, reason: 'x' },
        { do: 'exit', to: b, reason: { tag: 'shutdown', detail: 1 } },
      );
      const exits = ['normal', 'x', { tag: 'shutdown', detail: 1 }].map((reason) => ({ tag: 'EXIT', from: a, reason }));
      equal(yield* t.ask(b, { do: 'take', count: 3 }), exits, 'what B got');
    },
  },
  {
    title: 'EXI-2 exit(P, kill) ends even a trapping P, with killed, and its links hear killed',
    edges: [2],
    *run(t) {
      const [b, linked, trapping] = t.puppets(3);
      yield* t.ask(b, { do: 'trapExit', on: true });
      yield* t.ask(trapping, { do: 'trapExit', on: true });
      yield* t.askAll(linked, { do: 'link', to: b }, { do: 'info', to: b });
      yield* t.askAll(trapping, { do: 'link', to: b }, { do: 'info', to: b });
      const refs = yield* t.watchAll([b, linked]);
      t.context.exit(b, 'kill');
      equal(yield* t.down(refs[0]), 'killed', 'the end of B');
      equal(yield* t.down(refs[1]), 'killed', 'the end of its link');
      const exit = { tag: 'EXIT', from: b, reason: 'killed' };
      equal(yield* t.ask(trapping, { do: 'take', count: 1 }), [exit], 'what the trapping link got');
    },
  },
  {
    title: 'EXI-3 exit(self, normal) ends a non-trapping caller at once',
    edges: [1],
    *run(t) {
      for (const reason of ['normal', 'x']) {
        const { ref } = t.spawnMonitor(actor('exitItself'), [t.context.self, reason, false]);
        equal(yield* t.down(ref), reason, 'its end');
        yield* t.silence('exit(self) does not return');
      }
      const { ref } = t.spawnMonitor(actor('exitItself'), [t.context.self, 'kill', true]);
      equal(yield* t.down(ref), 'killed', 'the end by its own kill');
      yield* t.silence('exit(self, kill) does not return');
    },
  },
  {
    title: 'EXI-4 exit(kill) raised by oneself is the reason kill, unconverted, and trappable by links',
    edges: [2],
    *run(t) {
      const { context } = t;
      context.trapExit(true);
      const pid = t.spawnLink(actor('endBy'), ['kill']);
      equal(yield* t.next('its EXIT'), { tag: 'EXIT', from: pid, reason: 'kill' }, 'what a trapping link gets');
      const [b, linked] = t.puppets(2);
      yield* t.askAll(linked, { do: 'link', to: b }, { do: 'info', to: b });
      const ref = yield* t.watch(linked);
      t.tell(b, { do: 'end', reason: 'kill' });
      equal(yield* t.down(ref), 'kill', 'the end of a non-trapping link');
    },
  },
  {
    title: 'EXI-5 the trap flag counts when the signal is received: an EXIT that is there stays',
    *run(t) {
      const b = t.puppet();
      equal(yield* t.ask(b, { do: 'trapExit', on: true }), false, 'the flag before');
      t.context.exit(b, 'x');
      equal(yield* t.ask(b, { do: 'trapExit', on: false }), true, 'the flag between');
      equal(yield* t.ask(b, { do: 'drain' }), [{ tag: 'EXIT', from: t.context.self, reason: 'x' }], 'the mailbox');
      equal(yield* t.lastAct(b, { do: 'exit', to: b, reason: 'y' }), 'y', 'the end of B, which traps no more');
    },
  },
  {
    title: 'EXI-5 a child does not inherit the trap flag',
    *run(t) {
      t.context.trapExit(true);
      const child = t.puppet();
      equal(yield* t.ask(child, { do: 'trapExit', on: false }), false, 'the flag of the child');
      const ref = t.context.monitor(child);
      t.context.exit(child, 'x');
      equal(yield* t.down(ref), 'x', 'its end');
    },
  },
];
