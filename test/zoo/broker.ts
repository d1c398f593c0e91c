// Mistakes of the broker, by the rows B1 to B29 of the reliability digest.
import { lockstepProperty } from '../properties/broker/lockstep.ts';
import * as planted from '../properties/broker/planted.ts';
import type { Allowed } from '../properties/broker/script.ts';
import { brokerProperty, type Plant } from '../properties/broker/world.ts';
import { losing } from '../properties/planted.ts';
import * as wirePlanted from '../properties/wire/planted.ts';
import { type WirePlant, wireProperty } from '../properties/wire/world.ts';
import * as own from './broker-planted.ts';
import { different, wired as otherwise } from './hunt.ts';
import { manners, stops } from './manners.ts';
import type { Mistake } from './mistake.ts';

const CLIENTS: Allowed = { clients: 3, ops: 12 };
const CHANNELS_DIE: Allowed = { ...CLIENTS, channelKills: true };
const PUBLISHERS: Allowed = { clients: 2, ops: 4, steps: ['publish', 'wait'], confirms: true };
const PUBLISHERS_DIE: Allowed = { ...PUBLISHERS, queueKills: 2 };

/** Seen by what several clients of one broker tell of it. */
function clients(
  invariant: string,
  id: string,
  what: string,
  plant: Plant,
  allowed: Allowed,
  base: Plant = {},
): Mistake {
  const hunt = different(brokerProperty(allowed, 0, base), brokerProperty(allowed, 0, plant));
  return { id, invariant, planted: what, property: 'broker clients', hunt };
}

/** Seen beside the model of a queue. */
function beside(invariant: string, id: string, what: string, plant: Plant, canKill = false): Mistake {
  const hunt = different(lockstepProperty(canKill, 0), lockstepProperty(canKill, 0, plant));
  return { id, invariant, planted: what, property: 'queue and model', hunt };
}

/** Seen by connections over simulated sockets. */
function wired(invariant: string, id: string, what: string, plant: WirePlant): Mistake {
  const hunt = different(wireProperty(0, 700), wireProperty(0, 700, plant));
  return { id, invariant, planted: what, property: 'broker connections', hunt };
}

/** Seen by a client that does one thing after the other. */
function rude(invariant: string, id: string, what: string, plant: WirePlant): Mistake {
  return { id, invariant, planted: what, property: 'manners', hunt: different(manners(), manners(plant)) };
}

export const brokerMistakes: readonly Mistake[] = [
  clients('B2', 'ack-requeues', 'an ack requeues', planted.ackRequeues, CLIENTS),
  clients('B3', 'spreads', 'what is for one queue goes to two', own.spreads, CLIENTS),
  beside('B4', 'unflagged', 'what comes back has no flag', planted.requeueUnflagged),
  clients('B5', 'reversed-batches', 'a batch is taken backwards', planted.reversedBatches, CLIENTS),
  beside('B6', 'requeue-at-tail', 'what comes back goes to the tail', planted.requeueAtTail),
  beside('B8', 'prefetch', 'a prefetch is off by one', planted.prefetchOffByOne),
  clients('B8', 'shared-prefetch', 'a shared prefetch is off by one', planted.sharedOffByOne, CLIENTS),
  clients('B9', 'confirm-at-once', 'a confirm before the queue has it', planted.confirmAtOnce, PUBLISHERS),
  beside('B11', 'forgets-unacked', 'a new actor forgets what was given out', planted.forgetUnacked, true),
  beside('B11', 'consumers-lost', 'consumers do not come back', planted.consumersForgotten, true),
  clients('B11', 'batch-lost', 'a batch is not sent again', planted.batchesForgotten, PUBLISHERS_DIE),
  clients('B11', 'batch-twice', 'a batch is taken twice', planted.takeBatchAgain, PUBLISHERS_DIE, planted.slowStore),
  clients('B12', 'deaf-queue', 'a queue misses the death of a channel', planted.deafToChannels, CHANNELS_DIE),
  wired('B12', 'deaf-connection', 'a connection misses the death of a channel', {
    connection: wirePlanted.deafToChannels,
  }),
  wired('B12', 'neighbourly', 'a connection takes a neighbour with it', { connection: wirePlanted.neighbourly() }),
  wired('B13', 'half-open', 'a half-open peer is kept for ever', { connection: wirePlanted.deafToSilence }),
  wired('B13', 'clingy', 'a connection outlives its socket', { connection: wirePlanted.clingy }),
  wired('B20', 'frame-max', 'frames are longer than was agreed', { connection: wirePlanted.frameMaxForgotten }),
  rude('B9', 'ack-before-return', 'an ack goes out before its return', own.ackBeforeReturn),
  rude('B14', 'lock-forgotten', 'an exclusive queue is everybody’s', own.lockForgotten),
  rude('B14', 'auto-delete-stays', 'an auto-delete queue outlives its consumers', own.autoDeleteForgotten),
  rude('B21', 'deaf-to-close', 'publishes behind an error count', own.deafToOwnClose),
  rude('B22', 'flags-overlooked', 'a queue is declared again with other flags', own.flagsOverlooked),
  rude('B27', 'rollback-commits', 'a rollback commits', own.rollbackCommits),
  rude('B27', 'transaction-leaks', 'a transaction does not wait for its commit', own.transactionLeaks),
  {
    id: 'lost-stop',
    invariant: 'B29',
    planted: 'every third word of an end is lost',
    property: 'stops',
    hunt: otherwise(stops, losing('linkExit', 3)),
  },
];
