// PRC-4: processes that are suspended from outside run nothing, miss nothing and end as any other.
import {
  type Effects,
  type Handler,
  type ProcessInfo,
  resumeProcess,
  suspendProcess,
} from '../../../src/process/index.ts';
import type { AnyPid, Mfa, Pid } from '../../../src/term/index.ts';
import type { Case, CaseContext } from '../case.ts';
import { equal, holds } from '../check.ts';

function* statusOf(t: CaseContext, asker: Pid<unknown>, pid: AnyPid): Effects<unknown> {
  return (yield* t.ask<ProcessInfo | undefined>(asker, { do: 'info', to: pid }))?.status;
}

function* thrown(effects: Effects<unknown>): Effects<unknown> {
  try {
    yield* effects;
  } catch (error) {
    return (error as Error).name;
  }
  return 'nothing';
}

/** Asks until the process is not suspended: its resumption travels by itself. */
function* goesOn(t: CaseContext, asker: Pid<unknown>, pid: AnyPid): Effects<void> {
  while ((yield* statusOf(t, asker, pid)) === 'suspended');
}

const ANNOUNCING: Mfa = { module: import.meta.url, export: 'announcing' };

/** Says that it has begun, as the first thing. */
export const announcing: Handler<null, unknown, [Pid<unknown>]> = {
  init(context, to) {
    context.send(to, 'begun');
    return null;
  },
  handle: () => null,
};

export const suspensionCases: readonly Case[] = [
  {
    title: 'PRC-4 a process that is suspended before it has begun does not begin',
    *run(t) {
      const other = t.puppet();
      yield* t.ask(other, { do: 'isAlive', to: other });
      const victim = t.spawn(ANNOUNCING, [t.context.self]);
      yield* suspendProcess(victim);
      // Elsewhere it may have begun before the suspension came.
      const early = yield* t.drain();
      for (let count = 0; count < 3; count++) yield* t.ask(other, { do: 'info', to: victim });
      yield* t.silence('a process that is suspended');
      yield* resumeProcess(victim);
      equal(early.length > 0 ? early : [yield* t.next('begun')], ['begun'], 'when it is resumed');
    },
  },
  {
    title: 'PRC-4 a suspended process runs nothing and its mailbox fills; resumed, it takes everything in order',
    *run(t) {
      const [victim, other] = t.puppets(2);
      equal(yield* suspendProcess(victim), true, 'what suspending says');
      equal(yield* statusOf(t, other, victim), 'suspended', 'its status');
      for (const text of ['a', 'b']) t.tell(victim, { do: 'send', to: t.context.self as Pid<unknown>, message: text });
      const info = yield* t.ask<ProcessInfo>(other, { do: 'info', to: victim });
      yield* t.silence('a suspended process answers nothing');
      yield* resumeProcess(victim);
      equal([yield* t.next('a'), yield* t.next('b')], ['a', 'b'], 'what it did afterwards');
      holds(info.messageQueueLength <= 2, 'its mailbox');
      holds((yield* statusOf(t, other, victim)) !== 'suspended', 'its status afterwards');
    },
  },
  {
    title: 'PRC-4 suspensions are counted for each suspender',
    *run(t) {
      const [victim, other] = t.puppets(2);
      yield* suspendProcess(victim);
      yield* suspendProcess(victim);
      yield* t.ask(other, { do: 'suspend', to: victim });
      equal(yield* suspendProcess(victim, { unlessSuspending: true }), false, 'the third, unless suspending');
      yield* resumeProcess(victim);
      equal(yield* statusOf(t, other, victim), 'suspended', 'after one of two');
      yield* resumeProcess(victim);
      equal(yield* statusOf(t, other, victim), 'suspended', 'after two of two, with another suspender');
      equal(yield* thrown(resumeProcess(victim)), 'BadArgumentError', 'resuming what is not suspended by the caller');
      yield* t.ask(other, { do: 'resume', to: victim });
      equal(yield* t.ask(victim, { do: 'drain' }), [], 'it goes on');
    },
  },
  {
    title: 'PRC-4 the end of the suspender resumes, and so does that of a suspender that is killed while suspended',
    *run(t) {
      const [victim, suspender, other] = t.puppets(3);
      yield* t.askAll(suspender, { do: 'suspend', to: victim }, { do: 'suspend', to: victim });
      yield* suspendProcess(suspender);
      const ref = t.context.monitor(suspender);
      t.context.exit(suspender, 'kill');
      equal(yield* t.down(ref), 'killed', 'the end of the suspender');
      yield* goesOn(t, other, victim);
      equal(yield* t.ask(victim, { do: 'drain' }), [], 'the victim answers');
    },
  },
  {
    title: 'PRC-4 links, exits and kills reach a suspended process; one that traps finds them later',
    *run(t) {
      const [linked, killed, trapping, partner] = t.puppets(4);
      yield* t.askAll(linked, { do: 'link', to: partner }, { do: 'isAlive', to: partner });
      yield* t.ask(trapping, { do: 'trapExit', on: true });
      yield* t.askAll(trapping, { do: 'link', to: partner }, { do: 'isAlive', to: partner });
      const ends = yield* t.watchAll([linked, killed]);
      for (const pid of [linked, killed, trapping]) yield* suspendProcess(pid);
      t.context.exit(killed, 'kill');
      t.tell(partner, { do: 'end', reason: 'gone' });
      equal([yield* t.down(ends[0]), yield* t.down(ends[1])], ['gone', 'killed'], 'the ends');
      equal(yield* thrown(resumeProcess(killed)), 'BadArgumentError', 'resuming a dead process');
      yield* resumeProcess(trapping);
      equal(
        yield* t.ask(trapping, { do: 'take', count: 1 }),
        [{ tag: 'EXIT', from: partner, reason: 'gone' }],
        'the exit that was trapped',
      );
    },
  },
  {
    title: 'PRC-4 a dead process and the caller itself cannot be suspended; an asynchronous suspension does not ask',
    *run(t) {
      const [victim, dead] = t.puppets(2);
      yield* t.lastAct(dead, { do: 'return' });
      equal(yield* thrown(suspendProcess(dead)), 'BadArgumentError', 'a dead process');
      equal(yield* suspendProcess(dead, { asynchronous: true }), true, 'a dead process, without waiting');
      equal(yield* thrown(suspendProcess(t.context.self)), 'BadArgumentError', 'the caller');
      equal(yield* suspendProcess(victim, { asynchronous: true }), true, 'without waiting');
      t.tell(victim, { do: 'send', to: t.context.self as Pid<unknown>, message: 'ran' });
      const [other] = t.puppets(1);
      yield* t.ask(other, { do: 'isAlive', to: victim });
      yield* t.silence('what was sent behind an asynchronous suspension');
      yield* resumeProcess(victim);
      equal(yield* t.next('what was sent'), 'ran', 'what was sent');
    },
  },
  {
    title: 'PRC-4 a receive whose time is over while its process is suspended ends when it goes on',
    *run(t) {
      const [victim, other] = t.puppets(2);
      t.tell(victim, {
        do: 'all',
        commands: [
          { do: 'send', to: t.context.self as Pid<unknown>, message: 'begins' },
          { do: 'sleep', ms: 20 },
          { do: 'send', to: t.context.self as Pid<unknown>, message: 'awake' },
        ],
      });
      yield* t.next('begins');
      yield* suspendProcess(victim);
      const early = yield* t.drain();
      yield* t.ask(other, { do: 'sleep', ms: 40 });
      yield* t.silence('its time is over, but it is suspended');
      yield* resumeProcess(victim);
      equal(early.length > 0 ? early : [yield* t.next('awake')], ['awake'], 'the end of its sleep');
    },
  },
];
