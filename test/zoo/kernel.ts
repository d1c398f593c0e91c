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
import { different, type Hunt, watched, wired } from './hunt.ts';
import type { Mistake } from './mistake.ts';

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

export const kernelMistakes: readonly Mistake[] = [
  ...SIGNALS,
  ...MONITORS,
  ...LINKS,
  ...MAILBOXES,
  ...TIMERS,
  ...SUPERVISORS,
  ...NAMES,
];
