// Mistakes of plain code, which laws see without a schedule: turns of processes, queues, confirms, tags, routes, dead
// letters.
import { Confirms } from '../../src/broker/confirm.ts';
import { type BindingRecord, RoutingTables } from '../../src/broker/exchange/index.ts';
import type { Message } from '../../src/broker/message.ts';
import { mayEnter, Queue, type Settlement } from '../../src/broker/queue/index.ts';
import { type StreamCursor, StreamLog, type StreamStart } from '../../src/broker/stream/index.ts';
import { Unacked } from '../../src/broker/unacked.ts';
import { RunQueue } from '../../src/scheduler/run-queue.ts';
import { type LoadedPage, MemoryQueueStore } from '../../src/storage/index.ts';
import { checkConfirms, confirmsRuns } from '../broker/confirm-laws.ts';
import { checkCycles, checkDeaths, deathRuns, die } from '../broker/deaths.ts';
import { checkTopics, tablesWith, topicRuns } from '../broker/exchange/routing-laws.ts';
import { messageOf } from '../broker/messages.ts';
import { checkOrder, orderRuns } from '../broker/order-laws.ts';
import { checkQueueLaws, type QueueParts, queueRuns } from '../broker/queue-laws.ts';
import { checkStream, streamRuns } from '../broker/stream/stream-laws.ts';
import { checkUnacked, unackedRuns } from '../broker/unacked-laws.ts';
import {
  accessRuns,
  alarmRuns,
  checkAccessMatrix,
  checkAlarms,
  checkPolicies,
  endsAll,
  forgetsTheRest,
  policiesStay,
  policyRuns,
} from './access.ts';
import { type Hunt, plain } from './hunt.ts';
import type { Mistake } from './mistake.ts';
import { checkRunQueue, LastFirst, runQueueRuns, Starving } from './run-queue.ts';
import { checkVhosts, unbindsEverywhere, vhostRuns } from './vhosts.ts';

const row = (invariant: string, id: string, planted: string, property: string, hunt: Hunt): Mistake => ({
  id,
  invariant,
  planted,
  property,
  hunt,
});

function inQueue(invariant: string, id: string, what: string, parts: QueueParts): Mistake {
  const hunt = plain(
    queueRuns,
    (run) => checkQueueLaws(run),
    (run) => checkQueueLaws(run, parts),
  );
  return row(invariant, id, what, 'laws of a queue', hunt);
}

function inOrder(id: string, what: string, parts: QueueParts): Mistake {
  const hunt = plain(
    orderRuns,
    (run) => checkOrder(run),
    (run) => checkOrder(run, parts),
  );
  return row('B18', id, what, 'order of a queue', hunt);
}

function inStream(id: string, what: string, Made: typeof StreamLog<string>): Mistake {
  const hunt = plain(
    streamRuns,
    (run) => checkStream(run),
    (run) => checkStream(run, Made),
  );
  return row('B2', id, what, 'law of a stream', hunt);
}

/** Loses the last message of each page. */
class CutPages extends StreamLog<string> {
  override loaded(row: number, page: LoadedPage): void {
    super.loaded(row, { ...page, records: page.records.slice(0, -1) });
  }
}

/** Goes back by one after each restart. */
class Forgetful extends StreamLog<string> {
  constructor(...args: ConstructorParameters<typeof StreamLog<string>>) {
    super(...args);
    this.next = Math.max(this.first, this.next - 1);
  }
}

/** Leaves out the first message that is old enough. */
class Unpunctual extends StreamLog<string> {
  override begin(start: StreamStart): StreamCursor {
    const cursor = super.begin(start);
    return start.tag === 'since' ? { ...cursor, next: cursor.next + 1 } : cursor;
  }
}

/** Forgets one of what is rejected. */
class Careless extends Queue {
  override settle(holder: number, settled: Settlement, nowMs: number): void {
    super.settle(holder, { ...settled, rejected: settled.rejected.slice(1) }, nowMs);
  }
}

/** Looks at the clock too late. */
class Late extends Queue {
  override expire(nowMs: number): void {
    super.expire(nowMs - 3);
  }
}

/** Takes the flag off when it gives something out. */
class Unflagged extends MemoryQueueStore<Message> {
  override lend(holder: number, lentTo: object | null) {
    const entry = super.lend(holder, lentTo);
    entry.redelivered = false;
    return entry;
  }
}

/** Who asks last is served first, whatever the priorities are. */
function upsideDown(...args: ConstructorParameters<typeof Queue>): Queue {
  const queue = new Queue(...args);
  const add = queue.consumers.add.bind(queue.consumers);
  queue.consumers.add = (options) => add({ ...options, priority: -options.priority });
  return queue;
}

/** A queue whose consumers are asked for in another way. */
function consumersOf(plan: (queue: Queue) => object): QueueParts {
  return {
    queue: (...args) => {
      const queue = new Queue(...args);
      Object.assign(queue.consumers, plan(queue));
      return queue;
    },
  };
}

/** The last subscriber takes over. */
const lastTakesOver = consumersOf(({ consumers }) => ({ successor: () => [...consumers.all()].at(-1) ?? null }));

/** While the single active consumer has no room, another one is served. */
const helpsOut = consumersOf(({ consumers }) => ({
  next: () => [...consumers.all()].find(({ hasRoom }) => hasRoom) ?? null,
}));

/** What comes back has the lowest priority. */
class Demoting extends MemoryQueueStore<Message> {
  override requeue(holder: number, position: number) {
    const entry = this.settle(holder, position);
    if (entry !== null) this.push({ ...entry, priority: 0 });
    return entry;
  }
}

const QUEUES: readonly Mistake[] = [
  inOrder('priorities-ignored', 'messages go out by age alone', { store: () => new MemoryQueueStore(0) }),
  inOrder('demoted', 'what comes back has lost its priority', { store: (max) => new Demoting(max) }),
  inOrder('last-takes-over', 'the last subscriber becomes the single active one', lastTakesOver),
  inOrder('helps-out', 'another one helps out a full single active consumer', helpsOut),
  inQueue('B2', 'lost-reject', 'a rejected Message stays for ever', { queue: (...args) => new Careless(...args) }),
  inQueue('B4', 'unflagged-again', 'what is given out again has no flag', { store: (max) => new Unflagged(max) }),
  inQueue('B15', 'late-expiry', 'what has expired is delivered', { queue: (...args) => new Late(...args) }),
  inQueue('B16', 'length-off-by-one', 'a limit of length is off by one', {
    queue: (settings, ...rest) => new Queue({ ...settings, maxLength: settings.maxLength + 1 }, ...rest),
  }),
  inQueue('B16', 'no-limit-of-bytes', 'a limit of bytes is not kept', {
    queue: (settings, ...rest) => new Queue({ ...settings, maxLengthBytes: Infinity }, ...rest),
  }),
  inQueue('B18', 'priorities-upside-down', 'low consumers are served first', { queue: upsideDown }),
];

/** Says yes, though one of the queues refused. */
class Yes extends Confirms {
  override settle(seq: number, _isTaken: boolean): void {
    super.settle(seq, true);
  }
}

/** Gives the same tag twice, when a delivery needs no acknowledgement. */
class Stuttering extends Unacked<string> {
  override skip(): number {
    return super.skip() - 1;
  }
}

/** A tag that is settled stays. */
class Sticky extends Unacked<string> {
  override take(tag: number): string | null {
    const held = super.take(tag);
    if (held !== null) this.putBack(tag, held);
    return held;
  }
}

/** Tables that a binding never leaves. */
class Clinging extends RoutingTables {
  override unbind(_binding: BindingRecord): never {
    return undefined as never;
  }
}

/** A star that takes any number of words. */
class Greedy extends RoutingTables {
  override bind(binding: BindingRecord) {
    return super.bind({ ...binding, routingKey: binding.routingKey.replaceAll('*', '#') });
  }
}

function tables(Tables: typeof RoutingTables): RoutingTables {
  const made = new Tables();
  for (let id = 1; id <= 3; id++) made.addQueue(`q${id}`, id);
  return made;
}

const topics = (planted: typeof RoutingTables): Hunt =>
  plain(
    topicRuns,
    (run) => checkTopics(run, tablesWith()),
    (run) => checkTopics(run, tables(planted)),
  );

const unacked = (make: () => Unacked<string>): Hunt =>
  plain(
    unackedRuns,
    (run) => checkUnacked(run, new Unacked()),
    (run) => checkUnacked(run, make()),
  );

const turns = (make: () => RunQueue): Hunt =>
  plain(
    runQueueRuns,
    (run) => checkRunQueue(run, new RunQueue()),
    (run) => checkRunQueue(run, make()),
  );

const RULES: readonly Mistake[] = [
  row(
    'R15',
    'low-starves',
    'low processes run when nobody else wants to',
    'turns',
    turns(() => new Starving()),
  ),
  row(
    'R15',
    'last-first',
    'who came last runs first',
    'turns',
    turns(() => new LastFirst()),
  ),
  row('B3', 'binding-stays', 'an unbound queue still gets Messages', 'topics', topics(Clinging)),
  row(
    'B25',
    'unbinds-everywhere',
    'an unbind counts in all vhosts',
    'vhosts',
    plain(
      vhostRuns,
      (run) => checkVhosts(run),
      (run) => checkVhosts(run, unbindsEverywhere),
    ),
  ),
  row(
    'B19',
    'ends-all-alarms',
    'the end of one alarm is the end of all',
    'alarms',
    plain(
      alarmRuns,
      (run) => checkAlarms(run),
      (run) => checkAlarms(run, endsAll),
    ),
  ),
  row(
    'B23',
    'first-need-only',
    'what a declaration names is not asked for',
    'permissions',
    plain(
      accessRuns,
      (run) => checkAccessMatrix(run),
      (run) => checkAccessMatrix(run, forgetsTheRest),
    ),
  ),
  row(
    'B28',
    'policies-stay',
    'a deleted policy goes on',
    'policies',
    plain(
      policyRuns,
      (run) => checkPolicies(run),
      (run) => checkPolicies(run, policiesStay),
    ),
  ),
  row('B26', 'greedy-star', 'a star is taken for a hash', 'topics', topics(Greedy)),
  row(
    'B7',
    'same-tag',
    'two deliveries have the same tag',
    'tags',
    unacked(() => new Stuttering()),
  ),
  row(
    'B7',
    'settled-twice',
    'a tag can be settled twice',
    'tags',
    unacked(() => new Sticky()),
  ),
  row(
    'B9',
    'never-refused',
    'a refused publish is acked',
    'confirms',
    plain(
      confirmsRuns,
      (run) => checkConfirms(run, new Confirms()),
      (run) => checkConfirms(run, new Yes()),
    ),
  ),
  row(
    'B17',
    'death-not-counted',
    'x-death starts anew with each death',
    'deaths',
    plain(
      deathRuns,
      (run) => checkDeaths(run),
      (run) => checkDeaths(run, (_message, ...rest) => die(messageOf(), ...rest)),
    ),
  ),
  row(
    'B17',
    'cycle-goes-on',
    'a cycle goes on without a rejection',
    'cycles',
    plain(
      deathRuns,
      (run) => checkCycles(run),
      (run) => checkCycles(run, () => true),
    ),
  ),
  row(
    'B17',
    'cycle-cut-short',
    'a cycle is cut although a client rejected',
    'cycles',
    plain(
      deathRuns,
      (run) => checkCycles(run),
      (run) => checkCycles(run, (message, queue, formats) => mayEnter(message, queue, formats) && queue === 'c'),
    ),
  ),
];

const STREAMS: readonly Mistake[] = [
  inStream('cut-pages', 'the last message of each page is lost', CutPages),
  inStream('offset-again', 'a restart gives the last offset again', Forgetful),
  inStream('late-by-one', 'a reader from a time on begins one too late', Unpunctual),
];

export const lawMistakes: readonly Mistake[] = [...QUEUES, ...STREAMS, ...RULES];
