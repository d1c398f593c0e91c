// PRC-1, PRC-3: starting processes and looking at them; what may be sent, and what a dead body can still do.
import {
  type AsyncContext,
  type Context,
  type Effects,
  type ProcessInfo,
  receive,
} from '../../../src/process/index.ts';
import type { ErrorReason, Mfa, Pid, Ref } from '../../../src/term/index.ts';
import { PUPPET } from '../../actors/puppet.ts';
import type { Case } from '../case.ts';
import { equal, holds, throws } from '../check.ts';

const actor = (name: string): Mfa => ({ module: import.meta.url, export: name });

/** Tells what it was started with. */
export function introduce(context: Context<unknown>, to: Pid<unknown>, ...args: readonly unknown[]): void {
  context.send(to, { self: context.self, parent: context.parent, args });
}

/** Sends data and changes it afterwards. */
export function changeAfterSend(context: Context<unknown>, to: Pid<unknown>, report: Pid<unknown>): void {
  const message = { list: [1, 2], nested: { value: 'sent' } };
  const bytes = new Uint8Array([1, 2, 3]);
  context.send(to, message);
  context.send(to, bytes);
  bytes[0] = 9;
  for (const change of [() => message.list.push(3), () => Object.assign(message.nested, { value: 'changed' })]) {
    try {
      change();
      context.send(report, 'changed unnoticed');
    } catch (error) {
      context.send(report, (error as Error).name);
    }
  }
}

/** Reads two messages and passes on what it saw. */
export function* readTwo(context: Context<unknown>, to: Pid<unknown>): Effects<void> {
  for (let count = 0; count < 2; count++) context.send(to, { saw: yield* receive() });
}

/** Sends what is no term, one after the other. */
export function sendNoTerms(context: Context<unknown>, to: Pid<unknown>, report: Pid<unknown>): void {
  const names: string[] = [];
  for (const bad of [() => 1, Symbol('s'), new Date(0), { deep: [new (class Mine {})()] }]) {
    try {
      context.send(to, bad);
      names.push('accepted');
    } catch (error) {
      names.push((error as Error).name);
    }
  }
  context.send(to, 'end');
  context.send(report, names);
}

/** Goes on after its own death: whatever it does then must be void. */
export async function afterlife(
  context: AsyncContext<unknown>,
  to: Pid<unknown>,
  alias: Ref,
  timer: Ref,
): Promise<void> {
  context.send(to, 'alive');
  try {
    context.exit(context.self, 'kill');
  } catch {
    // It goes on in spite of it.
  }
  await null;
  await null;
  context.send(to, 'from the dead');
  context.send(alias, 'reply from the dead');
  context.spawn(PUPPET, [], { name: 'born-of-the-dead' });
  context.spawn(actor('introduce'), [to]);
  context.sendAfter(0, to, 'timer of the dead');
  context.startTimer(0, to, 'timer of the dead');
  context.cancelTimer(timer);
  context.link(to);
  context.monitor(to);
  context.exit(to, 'kill');
  await context.perform(receive());
  context.send(to, 'received when dead');
}

let finallyRuns = 0;

/** Would note in a `finally` that user code ran after its end. */
export function* finisher(context: Context<unknown>, to: Pid<unknown>): Effects<void> {
  try {
    context.send(to, 'ready');
    yield* receive(() => false);
  } finally {
    finallyRuns++;
  }
}

/** Tells how often a `finally` ran on this thread. */
export function tellFinallyRuns(context: Context<unknown>, to: Pid<unknown>): void {
  context.send(to, { finallyRuns });
}

export const spawnCases: readonly Case[] = [
  {
    title: 'PRC-1 spawn gives the pid at once, and the process knows its parent and its arguments',
    *run(t) {
      const { context } = t;
      const args = [1, 'two', { three: [3n] }, new Uint8Array([4]), context.self];
      const pid = t.spawn(actor('introduce'), [context.self, ...args]);
      equal(yield* t.next('its word'), { self: pid, parent: context.self, args }, 'what it says');
    },
  },
  {
    title: 'PRC-1 a process exists for everybody as soon as spawn has returned, however its pid travels',
    *run(t) {
      const relay = t.puppet();
      for (let round = 0; round < 50; round++) {
        // The relay may be told of the pid, and use it, before the spawn itself has reached the thread of the process.
        const pid = t.puppet();
        const [ref] = yield* t.askAll(
          relay,
          { do: 'monitor', to: pid },
          { do: 'send', to: pid, message: round },
          { do: 'exit', to: pid, reason: 'normal' },
        );
        equal(yield* t.ask(pid, { do: 'take', count: 1 }), [round], 'the message of a third process');
        equal(yield* t.ask(relay, { do: 'isAlive', to: pid }), true, 'alive');
        t.tell(pid, { do: 'return' });
        const down = { tag: 'DOWN', ref, object: pid, reason: 'normal' };
        equal(yield* t.ask(relay, { do: 'take', count: 1 }), [down], 'its DOWN');
      }
    },
  },
  {
    title: 'PRC-1 a pid comes back as the same pid from wherever it was sent',
    *run(t) {
      const [a, b] = t.puppets(2);
      const ref = t.context.makeRef();
      yield* t.ask(a, { do: 'send', to: b, message: { pids: [a, b, t.context.self], ref } });
      const [message] = yield* t.ask<unknown[]>(b, { do: 'take', count: 1 });
      equal(message, { pids: [a, b, t.context.self], ref }, 'the pids and the ref');
    },
  },
  {
    title: 'PRC-1 label and name are there, and misuse throws in the caller',
    *run(t) {
      const name = t.name('named');
      const pid = t.spawn(PUPPET, [], { name, label: 'a label' });
      const info = yield* t.ask<ProcessInfo>(pid, { do: 'info', to: pid });
      equal([info.name, info.label], [name, 'a label'], 'name and label');
      throws(() => t.context.spawn({} as never), 'BadArgumentError', 'a body that is none');
    },
  },
  {
    title: 'PRC-3 process info is a plain snapshot; of a dead process there is none',
    *run(t) {
      const [a, b, c] = t.puppets(3);
      yield* t.askAll(a, { do: 'link', to: b }, { do: 'monitor', to: b }, { do: 'send', to: b, message: 'unread' });
      yield* t.askAll(a, { do: 'info', to: b });
      yield* t.askAll(b, { do: 'trapExit', on: true }, { do: 'monitor', to: c });
      const [info] = (yield* t.askAll(a, { do: 'info', to: b })) as [ProcessInfo];
      equal([info.pid, info.links, info.monitoredBy[0], info.monitors], [b, [a], a, [c]], 'what ties it');
      equal(
        [info.trapsExits, info.parent, info.name, info.messageQueueLength],
        [true, t.context.self, null, 1],
        'its state',
      );
      equal([info.status, info.messages], ['waiting', undefined], 'its status, and no messages unless asked for');
      holds(info.reductions > 0 && info.initialCall.length > 0, 'its work');
      equal(yield* t.ask(a, { do: 'inbox', to: b }), ['unread'], 'its messages when asked for');
      yield* t.ask(b, { do: 'unlink', to: a });
      yield* t.lastAct(b, { do: 'return' });
      equal(yield* t.ask(a, { do: 'info', to: b }), undefined, 'the info of a dead process');
    },
  },
  {
    title: '0-6 a message changed after sending is caught, or the change is never seen, on every placement',
    edges: [25],
    *run(t) {
      const { context } = t;
      const reader = t.spawnMonitor(actor('readTwo'), [context.self]);
      const writer = t.spawnMonitor(actor('changeAfterSend'), [reader.pid, context.self]);
      equal(yield* t.down(writer.ref), 'normal', 'the end of the writer');
      const reason = yield* t.down(reader.ref);
      const all = yield* t.drain();
      equal(
        all.filter((each) => typeof each === 'string'),
        ['TypeError', 'TypeError'],
        'writing into sent objects',
      );
      const seen = all.filter((each) => typeof each !== 'string');
      equal(seen[0], { saw: { list: [1, 2], nested: { value: 'sent' } } }, 'the object that was read');
      if (reason === 'normal') equal(seen[1], { saw: new Uint8Array([1, 2, 3]) }, 'the bytes that were read');
      else equal((reason as ErrorReason).error.name, 'MutatedMessageError', 'the end of the reader');
    },
  },
  {
    title: '0-6 what is no term is refused in the sender, on every placement',
    edges: [25],
    *run(t) {
      const b = t.puppet();
      t.spawn(actor('sendNoTerms'), [b, t.context.self]);
      equal(yield* t.next('the errors'), Array(4).fill('NotATermError'), 'what sending throws');
      equal(yield* t.ask(b, { do: 'take', count: 1 }), ['end'], 'what B got');
    },
  },
  {
    title: '0-4 a generator that is killed runs no more user code, not even its finally',
    *run(t) {
      const { context } = t;
      for (const reason of ['kill', 'x']) {
        const { pid, ref } = t.spawnMonitor(actor('finisher'), [context.self]);
        yield* t.next('its word');
        context.exit(pid, reason);
        yield* t.down(ref);
        t.kept(context.spawn(actor('tellFinallyRuns'), [context.self], { placement: { with: pid } }));
        equal(yield* t.next('the count'), { finallyRuns: 0 }, 'how often its finally ran');
      }
    },
  },
  {
    title: '0-4 an async body that goes on after its death has no effect any more',
    edges: [23],
    isAsync: true,
    *run(t) {
      const { context } = t;
      const to = t.puppet();
      const alias = context.alias();
      const timer = context.startTimer(60_000, context.self, 'never');
      const { ref } = t.spawnMonitor(actor('afterlife'), [to, alias, timer]);
      equal(yield* t.down(ref), 'killed', 'its end');
      equal(yield* t.ask(to, { do: 'take', count: 1 }), ['alive'], 'what B got of it');
      yield* t.ask(to, { do: 'sleep', ms: 10 });
      equal(yield* t.ask(to, { do: 'drain' }), [], 'what B got after its death');
      equal(context.whereis('born-of-the-dead'), undefined, 'a child of the dead');
      yield* t.silence('a reply of the dead');
      holds(context.cancelTimer(timer) !== false, 'a timer that the dead has cancelled');
    },
  },
];
