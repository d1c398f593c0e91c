// A process that does what it is told, one command at a time, so that a test can say in one place what several processes
// do, wherever they live. Commands are taken by a selective receive: all other messages stay in its mailbox until
// `take` or `drain` reads them, in order.
import {
  type AliasMode,
  type Context,
  cancelAnyTimer,
  type Effects,
  isProcessAlive,
  type Placement,
  processInfo,
  receive,
  register,
  resumeProcess,
  type SuspendOptions,
  sleep,
  suspendProcess,
  TIMEOUT,
  unregister,
} from '../../src/process/index.ts';
import type { AnyPid, Mfa, Pid, Ref } from '../../src/term/index.ts';

/** One thing a puppet can do; the answer is what the call of the same name returns. */
export type Command =
  | { readonly do: 'send'; readonly to: Pid<unknown> | Ref | string; readonly message: unknown }
  | { readonly do: 'exit'; readonly to: AnyPid; readonly reason: unknown }
  | { readonly do: 'end'; readonly reason: unknown }
  | { readonly do: 'throw'; readonly text: string }
  | { readonly do: 'return' }
  | { readonly do: 'trapExit'; readonly on: boolean }
  | { readonly do: 'link' | 'unlink' | 'info' | 'inbox' | 'isAlive' | 'resume'; readonly to: AnyPid }
  | { readonly do: 'suspend'; readonly to: AnyPid; readonly options?: SuspendOptions }
  | {
      readonly do: 'monitor';
      readonly to: AnyPid | string;
      readonly alias?: Exclude<AliasMode, 'explicit' | 'reply'>;
      readonly as?: string;
    }
  | { readonly do: 'demonitor'; readonly ref: Ref; readonly flush?: boolean }
  | { readonly do: 'alias'; readonly mode?: 'explicit' | 'reply' }
  | { readonly do: 'unalias' | 'cancel' | 'cancelAny'; readonly ref: Ref }
  | { readonly do: 'register'; readonly name: string; readonly pid?: AnyPid }
  | { readonly do: 'unregister' | 'whereis'; readonly name: string }
  | {
      readonly do: 'sendAfter' | 'startTimer';
      readonly ms: number;
      readonly to: AnyPid | string;
      readonly message: unknown;
    }
  | { readonly do: 'spawnLink'; readonly body: Mfa; readonly args: readonly unknown[]; readonly placement?: Placement }
  /** The next `count` messages that are not commands; waits for them. */
  | { readonly do: 'take'; readonly count: number }
  /** All messages that are there now and are not commands. */
  | { readonly do: 'drain' }
  | { readonly do: 'sleep'; readonly ms: number }
  /** Several commands in one go; answers with the list of answers. */
  | { readonly do: 'all'; readonly commands: readonly Command[] };

/** A command on its way to a puppet; it answers with `{tag: '$done', ref, value}` when there is somewhere to answer. */
export interface Told {
  readonly tag: '$do';
  readonly command: Command;
  readonly answerTo: Ref | null;
}

export const PUPPET: Mfa = { module: import.meta.url, export: 'puppet' };

/** The body; ends `normal` when told to return. */
export function* puppet(context: Context<unknown>): Effects<void> {
  for (;;) {
    const { command, answerTo } = yield* receive(isTold);
    if (command.do === 'return') return;
    const value = yield* obey(context, command);
    if (answerTo !== null) context.send(answerTo, { tag: '$done', ref: answerTo, value });
  }
}

function isTold(message: unknown): message is Told {
  return (message as Told | null)?.tag === '$do';
}

function isMail(message: unknown): message is unknown {
  return !isTold(message);
}

function* obey(context: Context<unknown>, command: Command): Effects<unknown> {
  switch (command.do) {
    case 'all': {
      const answers: unknown[] = [];
      for (const each of command.commands) answers.push(yield* obey(context, each));
      return answers;
    }
    case 'take': {
      const taken: unknown[] = [];
      while (taken.length < command.count) taken.push(yield* receive(isMail));
      return taken;
    }
    case 'drain': {
      const taken: unknown[] = [];
      for (;;) {
        const message = yield* receive<unknown>(isMail, { afterMs: 0 });
        if (message === TIMEOUT) return taken;
        taken.push(message);
      }
    }
    case 'sleep':
      return yield* sleep(command.ms);
    case 'register':
      return yield* register(command.name, command.pid);
    case 'unregister':
      return yield* unregister(command.name);
    case 'info':
      return yield* processInfo(command.to);
    case 'inbox':
      return (yield* processInfo(command.to, { messages: true }))?.messages;
    case 'suspend':
      return yield* suspendProcess(command.to, command.options);
    case 'resume':
      return yield* resumeProcess(command.to);
    case 'isAlive':
      return yield* isProcessAlive(command.to);
    case 'cancelAny':
      return yield* cancelAnyTimer(command.ref);
    default:
      return doNow(context, command);
  }
}

function doNow(context: Context<unknown>, command: Command): unknown {
  switch (command.do) {
    case 'send':
      if (typeof command.to === 'string') return context.send(command.to, command.message);
      return context.send(command.to as Pid<unknown>, command.message);
    case 'exit':
      return context.exit(command.to, command.reason);
    case 'end':
      return context.exit(command.reason);
    case 'throw':
      throw new RangeError(command.text);
    case 'trapExit':
      return context.trapExit(command.on);
    case 'link':
      return context.link(command.to);
    case 'unlink':
      return context.unlink(command.to);
    case 'monitor':
      return context.monitor(command.to, {
        ...(command.alias === undefined ? {} : { alias: command.alias }),
        ...(command.as === undefined ? {} : { tag: command.as }),
      });
    case 'demonitor':
      return context.demonitor(command.ref, { flush: command.flush === true });
    case 'alias':
      return context.alias(command.mode);
    case 'unalias':
      return context.unalias(command.ref);
    case 'cancel':
      return context.cancelTimer(command.ref);
    case 'whereis':
      return context.whereis(command.name);
    case 'sendAfter':
      return context.sendAfter(command.ms, command.to, command.message);
    case 'startTimer':
      return context.startTimer(command.ms, command.to, command.message);
    case 'spawnLink':
      return context.spawnLink(command.body, command.args, { placement: command.placement ?? 'here' });
    default:
      throw new TypeError(`a puppet cannot '${command.do}'`);
  }
}
