// Mistakes of the kernel beside those of test/properties/planted.ts.
import type { Process } from '../../src/process/index.ts';
import { type Alarm, LocalNames, Scheduler, type Timer } from '../../src/scheduler/index.ts';
import { SimScheduler, type Wiring } from '../../src/simulation/index.ts';
import { type AnyPid, hasTag } from '../../src/term/index.ts';
import { receiving } from '../properties/planted.ts';

const processAt = (pid: AnyPid): Process | null => pid.target as Process | null;

/** A machine whose processes end by `plan`. */
function ending(
  plan: (scheduler: SimScheduler, process: Process, end: (reason: unknown) => void) => (reason: unknown) => void,
): Wiring {
  class Planted extends SimScheduler {
    override terminate(process: Process, reason: unknown): void {
      plan(this, process, (other) => super.terminate(process, other))(reason);
    }
  }
  return { scheduler: (...args) => new Planted(...args) };
}

/** Who traps exits can live through a kill. */
export const trappableKill: Wiring = receiving((_scheduler, signal, receive) => {
  const isTrapped = signal.kind === 'exit' && signal.reason === 'kill' && processAt(signal.to)?.trapsExits === true;
  receive(isTrapped ? { ...signal, reason: 'killed' } : signal);
});

/** The end of a process by kill kills those who are linked to it, whether they trap exits or not. */
export const infectiousKill: Wiring = receiving((_scheduler, signal, receive) => {
  receive(signal.kind === 'linkExit' && signal.reason === 'kill' ? { ...signal, kind: 'exit' } : signal);
});

/** A normal end of a linked process ends who does not trap exits. */
export const deadlyNormal: Wiring = receiving((_scheduler, signal, receive) => {
  const isQuiet = signal.kind === 'linkExit' && signal.reason === 'normal' && !processAt(signal.to)?.trapsExits;
  receive(isQuiet ? { ...signal, reason: 'oops' } : signal);
});

/** What was killed says so in the word of the order. */
export const killNotKilled: Wiring = ending((_scheduler, _process, end) => (reason) => {
  end(reason === 'killed' ? 'kill' : reason);
});

/** A crash takes the siblings with it. */
export const wideCrash: Wiring = ending((scheduler, process, end) => (reason) => {
  const siblings = [...scheduler.processes.values()].filter((other) => other.parent === process.parent);
  end(reason);
  if (!hasTag(reason, 'error')) return;
  for (const sibling of siblings) if (sibling.parent !== null) scheduler.terminate(sibling, 'killed');
});

/** A dead process says goodbye. */
export const zombies: Wiring = ending((scheduler, process, end) => (reason) => {
  end(reason);
  const { self: from, parent: to } = process;
  if (to !== null) scheduler.sendSignal({ kind: 'message', from, to, message: 'goodbye', seal: null });
});

/** A bound of a mailbox that nobody looks at. */
export const boundless: Wiring = receiving((_scheduler, signal, receive) => {
  if (signal.kind === 'message') processAt(signal.to)?.acceptAlways(signal.message, signal.seal);
  else receive(signal);
});

/** A full mailbox drops the oldest. */
export const dropsOldest: Wiring = receiving((_scheduler, signal, receive) => {
  const process = signal.kind === 'message' ? processAt(signal.to) : null;
  const bound = process?.extras?.maxMailbox ?? null;
  if (process !== null && bound?.onOverflow === 'drop' && process.mailbox.length >= bound.length)
    process.mailbox.shift();
  receive(signal);
});

let sleeps = 0;
/** Sleeps that depend on what ran before in the same host. */
class Moody extends SimScheduler {
  override startReceiveTimer(ms: number, alarm: Alarm): Timer {
    return super.startReceiveTimer(ms + (sleeps++ % 3), alarm);
  }
}
export const moodyTimers: Wiring = { scheduler: (...args) => new Moody(...args) };

/** The last one to ask for a name gets it, and the one before is not told. */
class LastWins extends LocalNames {
  override register(name: string, ...rest: [AnyPid, Parameters<LocalNames['register']>[2]]): void {
    this.unregister(name, () => {});
    super.register(name, ...rest);
  }
}
export const lastWins: Wiring = { names: () => new LastWins() };

/** Names of the dead are never free. */
class Sticky extends LocalNames {
  override release(_name: string, _pid: AnyPid, released: () => void): void {
    released();
  }
}
export const stickyNames: Wiring = { names: () => new Sticky() };

/** A reply is taken as a plain message is: the alias and the monitor of its call go on. */
export const replyKeepsMonitor: Wiring = receiving((scheduler, signal, receive) => {
  if (signal.kind !== 'alias') receive(signal);
  else scheduler.aliasOwner(signal.to)?.acceptAlways(signal.message, signal.seal);
});

/** Details of a reason are lost. */
export const shortReasons: Wiring = receiving((_scheduler, signal, receive) => {
  if ((signal.kind !== 'down' && signal.kind !== 'linkExit') || typeof signal.reason !== 'object') receive(signal);
  else receive({ ...signal, reason: { tag: (signal.reason as { readonly tag: string }).tag } });
});

/** News of the death of a thread overtakes what the thread had sent. */
class NewsFirst extends SimScheduler {
  override threadDown(...args: Parameters<Scheduler['threadDown']>): void {
    Scheduler.prototype.threadDown.apply(this, args);
  }
}
export const newsFirst: Wiring = { scheduler: (...args) => new NewsFirst(...args) };

/** Who hears that a linked process has ended with its thread takes everybody with it. */
export const overkill: Wiring = receiving((scheduler, signal, receive) => {
  receive(signal);
  if (signal.kind !== 'linkExit' || !hasTag(signal.reason, 'threadDown')) return;
  for (const process of scheduler.processes.values())
    if (process.parent !== null) scheduler.terminate(process, 'killed');
});
