// A probe: a process of a test that stands where another one would. It tells the test everything it receives, and does
// what the test says: send, link, monitor, exit, in its own name.
import { type Context, type Effects, receive, TIMEOUT } from '../process/index.ts';
import { type AnyPid, checkOptions, type ExitReason, formatReason, type Pid } from '../term/index.ts';
import { AssertReceiveError, type ReceiveWithin } from './assert-receive.ts';
import { fits, type Pattern } from './pattern.ts';

/** What a probe tells its test. */
interface Heard {
  readonly tag: '$heard';
  readonly by: AnyPid;
  readonly message: unknown;
}

/** What a test tells a probe. */
type Order =
  | { readonly tag: '$send'; readonly to: AnyPid; readonly message: unknown }
  | { readonly tag: '$link' | '$unlink' | '$monitor'; readonly to: AnyPid }
  | { readonly tag: '$exit'; readonly reason: unknown };

const ORDERS = new Set(['$send', '$link', '$unlink', '$monitor', '$exit']);
const AFTER_MS = 100;

/** A probe, seen from the process that has started it. */
export interface Probe {
  readonly pid: Pid<unknown>;
  /** Takes the oldest message of the probe that fits. Throws AssertReceiveError when none comes in time. */
  expect<M = unknown>(pattern?: Pattern, within?: ReceiveWithin): Effects<M>;
  /** Throws AssertReceiveError when the probe gets a message that fits. */
  refute(pattern?: Pattern, within?: ReceiveWithin): Effects<void>;
  /** Sends in the name of the probe. */
  send(to: AnyPid, message: unknown): void;
  link(to: AnyPid): void;
  unlink(to: AnyPid): void;
  /** Its DOWN is heard like any message. */
  monitor(to: AnyPid): void;
  /** Ends the probe. */
  exit(reason: ExitReason): void;
}

export interface ProbeOptions {
  /** Shown in charts. Default `probe`. */
  readonly label?: string;
  /** Registered for the probe, to stand for a process that others find by name. */
  readonly name?: string;
}

const probeBody = {
  label: 'probe',
  init(context: Context<unknown>, owner: Pid<Heard>): Pid<Heard> {
    // An exit signal is one more thing to tell.
    context.trapExit(true);
    return owner;
  },
  handle(owner: Pid<Heard>, message: unknown, context: Context<unknown>): Pid<Heard> {
    const tag = (message as { tag?: unknown } | null)?.tag;
    if (typeof tag === 'string' && ORDERS.has(tag)) obey(message as Order, context);
    else context.send(owner, { tag: '$heard', by: context.self as AnyPid, message });
    return owner;
  },
};

function obey(order: Order, context: Context<unknown>): void {
  if (order.tag === '$send') context.send(order.to as Pid<unknown>, order.message);
  else if (order.tag === '$exit') context.exit(order.reason);
  else if (order.tag === '$link') context.link(order.to);
  else if (order.tag === '$unlink') context.unlink(order.to);
  else context.monitor(order.to);
}

/** Starts a probe of the calling process. It is linked: it ends with the test. */
export function startProbe(context: Context<never>, options: ProbeOptions = {}): Probe {
  checkOptions('a probe', options, { label: true, name: true });
  const { label = 'probe', name } = options;
  const pid = context.spawnLink(
    probeBody,
    [context.self as Pid<Heard>],
    name === undefined ? { label } : { label, name },
  );
  const order = (what: Order): void => context.send(pid, what);
  const next = (pattern: Pattern, afterMs: number) =>
    receive<Heard>((candidate): candidate is Heard => isHeard(candidate, pid) && fits(pattern, candidate.message), {
      afterMs,
    });
  return {
    pid,
    *expect<M>(pattern?: Pattern, { afterMs = AFTER_MS }: ReceiveWithin = {}): Effects<M> {
      const heard = yield* next(pattern, afterMs);
      if (heard !== TIMEOUT) return heard.message as M;
      throw new AssertReceiveError(`${label} has got no message that fits within ${afterMs} ms`, yield* unread(pid));
    },
    *refute(pattern, { afterMs = AFTER_MS } = {}) {
      const heard = yield* next(pattern, afterMs);
      if (heard === TIMEOUT) return;
      throw new AssertReceiveError(`${label} has got ${formatReason(heard.message)}`, yield* unread(pid));
    },
    send: (to, message) => order({ tag: '$send', to, message }),
    link: (to) => order({ tag: '$link', to }),
    unlink: (to) => order({ tag: '$unlink', to }),
    monitor: (to) => order({ tag: '$monitor', to }),
    exit: (reason) => order({ tag: '$exit', reason }),
  };
}

/** What the probe has told and nobody has asked for; it is taken. */
function* unread(pid: AnyPid): Effects<readonly unknown[]> {
  const messages: unknown[] = [];
  for (;;) {
    const heard = yield* receive<Heard>((candidate): candidate is Heard => isHeard(candidate, pid), { afterMs: 0 });
    if (heard === TIMEOUT) return messages;
    messages.push(heard.message);
  }
}

function isHeard(candidate: unknown, pid: AnyPid): candidate is Heard {
  const { tag, by } = (candidate ?? {}) as Partial<Heard>;
  return tag === '$heard' && by === pid;
}
