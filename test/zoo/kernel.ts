// Mistakes of the runtime's kernel and of what is built on it, by the rows R1 to R21 of the reliability digest.
import { calls, hasty, real } from '../properties/kernel/calls.ts';
import { anyAck, noPendingUnlink, symmetry } from '../properties/kernel/links.ts';
import { mailbox } from '../properties/kernel/mailbox.ts';
import { oneDown } from '../properties/kernel/monitors.ts';
import { freeNames } from '../properties/kernel/names.ts';
import { order } from '../properties/kernel/signal-order.ts';
import { property as supervision } from '../properties/kernel/supervisor-simulation.ts';
import { timers } from '../properties/kernel/timers.ts';
import * as planted from '../properties/planted.ts';
import { exits } from './exits.ts';
import { different, type Hunt, watched, wired } from './hunt.ts';
import type { Mistake } from './mistake.ts';
import * as own from './planted.ts';
import * as processes from './processes.ts';
import * as threads from './threads.ts';

const { fastLane, losing, mailboxOf } = planted;
const row = (invariant: string, id: string, what: string, property: string, hunt: Hunt): Mistake => ({
  id,
  invariant,
  planted: what,
  property,
  hunt,
});

const SIGNALS: readonly Mistake[] = [
  row('R1', 'exit-lane', 'exit signals overtake messages', 'signal order', wired(order, fastLane('exit'))),
  row('R1', 'link-exit-lane', 'news of a death overtakes messages', 'signal order', wired(order, fastLane('linkExit'))),
  row('R1', 'info-lane', 'questions are answered out of their turn', 'signal order', wired(order, fastLane('info'))),
  row('R1', 'unlink-lane', 'unlink requests overtake links', 'links', wired(symmetry, fastLane('unlink'))),
  row('R2', 'repeated', 'messages arrive twice', 'signal order', wired(order, planted.repeating)),
  row('R1', 'message-lane', 'messages overtake other signals', 'R1 watched', watched(order, fastLane('message'), 'R1')),
  row('R3', 'lost-message', 'every fifth message is lost', 'signal order', wired(order, losing('message', 5))),
  row('R3', 'lost-down', 'every third DOWN is lost', 'R3 watched', watched(oneDown, losing('down', 3), 'R3')),
  row(
    'R4',
    'immortal-timers',
    'timers outlive who they are for',
    'R4 watched',
    watched(timers, planted.immortalTimers, 'R4'),
  ),
];

const MONITORS: readonly Mistake[] = [
  row('R5', 'stale-down', 'DOWN is believed after demonitor', 'monitors', wired(oneDown, planted.staleDowns)),
  row('R5', 'one-monitor', 'two monitors of a pair are one', 'monitors', wired(oneDown, planted.oneMonitorPerPair)),
  row('R5', 'deaf-to-dead', 'a monitor of the dead is not answered', 'monitors', wired(oneDown, planted.deafToTheDead)),
  row('R5', 'always-noproc', 'every DOWN says noproc', 'monitors', wired(oneDown, planted.alwaysNoproc)),
];

const LINKS: readonly Mistake[] = [
  row('R6', 'crossed-unlink', 'a link that crosses an unlink wins', 'links', wired(symmetry, noPendingUnlink)),
  row('R6', 'any-ack', 'an old acknowledgement ends a new link', 'links', wired(symmetry, anyAck)),
  row('R6', 'any-ack-watched', 'an old acknowledgement ends a new link', 'R6 watched', watched(symmetry, anyAck, 'R6')),
];

const MAILBOXES: readonly Mistake[] = [
  row(
    'R7',
    'rotating',
    'what a receive rejects goes to the end',
    'mailbox',
    wired(
      mailbox,
      mailboxOf(() => new planted.Rotating()),
    ),
  ),
  row(
    'R7',
    'newest',
    'a receive takes the newest match',
    'mailbox',
    wired(
      mailbox,
      mailboxOf(() => new planted.Newest()),
    ),
  ),
  row(
    'R7',
    'marks-too-much',
    'a reference mark skips too much',
    'mailbox',
    wired(
      mailbox,
      mailboxOf(() => new planted.MarksTooMuch()),
    ),
  ),
];

const TIMERS: readonly Mistake[] = [
  row('R8', 'forgetful-timers', 'a cancelled timer fires', 'timers', wired(timers, planted.forgetfulTimers)),
  row('R8', 'coarse-timers', 'timers are early by up to 10 ms', 'timers', wired(timers, planted.coarseTimers)),
  row('R9', 'hasty-call', 'a call gives up without a last look', 'calls', different(calls(real), calls(hasty))),
];

const SUPERVISORS: readonly Mistake[] = [
  row(
    'R10',
    'rest-for-none',
    'restForOne leaves the others alone',
    'supervisors',
    different(
      supervision(),
      supervision((flags) => ({ ...flags, strategy: flags.strategy === 'restForOne' ? 'oneForOne' : flags.strategy })),
    ),
  ),
  row(
    'R10',
    'intensity',
    'one restart too many is allowed',
    'supervisors',
    different(
      supervision(),
      supervision((flags) => ({ ...flags, intensity: flags.intensity + 1 })),
    ),
  ),
  row(
    'R10',
    'unnoticed-death',
    'every third death of a child is missed',
    'supervisors',
    wired(supervision(), losing('linkExit', 3)),
  ),
];

const NAMES: readonly Mistake[] = [
  row('R11', 'late-names', 'names are free after the news of the death', 'names', wired(freeNames, planted.lateNames)),
];

const EXITS: readonly Mistake[] = [
  row('R4', 'zombies', 'the dead send messages', 'R4 watched', watched(oneDown, own.zombies, 'R4')),
  row('R6', 'trappable-kill', 'a kill can be trapped', 'exits', wired(exits, own.trappableKill)),
  row('R6', 'infectious-kill', 'a kill goes on through links', 'exits', wired(exits, own.infectiousKill)),
  row('R6', 'deadly-normal', 'a normal end ends who is linked', 'exits', wired(exits, own.deadlyNormal)),
  row('R6', 'kill-not-killed', 'the killed are heard to end with kill', 'exits', wired(exits, own.killNotKilled)),
  row('R19', 'wide-crash', 'a crash takes the siblings with it', 'exits', wired(exits, own.wideCrash)),
];

const PROCESSES: readonly Mistake[] = [
  row(
    'R9',
    'reply-keeps-monitor',
    'a reply does not end the monitor of its call',
    'calls',
    wired(calls(real), own.replyKeepsMonitor),
  ),
  row('R11', 'last-wins', 'two have the same name', 'claims', wired(processes.claims, own.lastWins)),
  row(
    'R12',
    'orphans',
    'every fourth child outlives its parent',
    'families',
    wired(processes.families, losing('linkExit', 4)),
  ),
  row(
    'R12',
    'sticky-names',
    'names of the dead stay',
    'R12 watched',
    watched(processes.claims, own.stickyNames, 'R12'),
  ),
  row(
    'R14',
    'shared-values',
    'what was sent is not frozen',
    'values',
    different(processes.values, { ...processes.values, options: { strict: false } }),
  ),
  row('R16', 'boundless', 'the bound of a mailbox is not kept', 'floods', wired(processes.floods, own.boundless)),
  row('R16', 'drops-oldest', 'a full mailbox drops the oldest', 'floods', wired(processes.floods, own.dropsOldest)),
  row('R17', 'moody-timers', 'timers depend on earlier runs', 'sleepers', wired(processes.sleepers, own.moodyTimers)),
  row(
    'R21',
    'unheard-death',
    'a caller never hears of a death',
    'patient calls',
    wired(processes.patientCalls, losing('down', 2)),
  ),
  row(
    'R21',
    'lost-reply',
    'every third reply is lost',
    'patient calls',
    wired(processes.patientCalls, losing('alias', 3)),
  ),
];

const DEATHS = { faults: { threadDeaths: 3 } };
const THREADS: readonly Mistake[] = [
  row(
    'R13',
    'news-first',
    'news of a thread overtakes its words',
    'mourning',
    wired(threads.mourning, own.newsFirst, DEATHS),
  ),
  row(
    'R13',
    'overkill',
    'a dead thread takes others with it',
    'R13 watched',
    watched(threads.widows, own.overkill, 'R13', DEATHS),
  ),
  row('R20', 'short-reasons', 'details of a reason are lost', 'reasons', wired(threads.reasons, own.shortReasons)),
];

export const kernelMistakes: readonly Mistake[] = [
  ...SIGNALS,
  ...MONITORS,
  ...LINKS,
  ...MAILBOXES,
  ...TIMERS,
  ...SUPERVISORS,
  ...NAMES,
  ...EXITS,
  ...PROCESSES,
  ...THREADS,
];
