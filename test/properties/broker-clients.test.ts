// Several clients at once on a whole broker, under any schedule, on the control thread alone and on two data threads: what
// judge.ts says of the run and channel-view.ts of every moment (B2 to B9). Then with queues and channels killed on the
// way (B11, B12). Each rule is seen to fail on a planted mistake.
import { describe, expect, it } from 'vitest';
import * as planted from './broker/planted.ts';
import type { Allowed, BrokerProgram } from './broker/script.ts';
import { brokerProperty, type Plant } from './broker/world.ts';
import { holds, holdsFor, tells } from './check.ts';

const RUNS = 60;
const SHRINK_RUNS = 40;

const CLIENTS: Allowed = { clients: 3, ops: 12 };
const QUEUES_DIE: Allowed = { ...CLIENTS, queueKills: 2 };
const CHANNELS_DIE: Allowed = { ...CLIENTS, channelKills: true };
const ALL_DIES: Allowed = { ...QUEUES_DIE, channelKills: true };
const PUBLISHERS: Allowed = { clients: 2, ops: 4, steps: ['publish', 'wait'], confirms: true };

describe.each([
  ['one thread', 0],
  ['two data threads', 2],
] as const)('clients of one broker, %s', (_name, threads) => {
  it('B2-B9 nothing is lost, doubled, out of order, over the limit or unanswered', () =>
    holds(brokerProperty(CLIENTS, threads), RUNS));

  it('B11 a killed queue keeps what is ready, gives back what is unacked, and nobody notices anything else', () =>
    holds(brokerProperty(QUEUES_DIE, threads), RUNS));

  it('B12 a killed channel is noticed by its own connection only, and what it held comes again', () =>
    holds(brokerProperty(CHANNELS_DIE, threads), RUNS));

  it('B9 B11 B12 publishes are confirmed once while queues and channels die', () =>
    holds(brokerProperty(ALL_DIES, threads), RUNS));
});

describe('mistakes', () => {
  const rows: readonly (readonly [string, Plant, Allowed])[] = [
    ['B6 what is requeued at the tail', planted.requeueAtTail, CLIENTS],
    ['B4 what comes back without its flag', planted.requeueUnflagged, CLIENTS],
    ['B5 a batch that is taken backwards', planted.reversedBatches, CLIENTS],
    ['B2 an ack that requeues', planted.ackRequeues, CLIENTS],
    ['B8 a prefetch that is off by one', planted.prefetchOffByOne, CLIENTS],
    ['B8 a shared prefetch that is off by one', planted.sharedOffByOne, CLIENTS],
    ['B9 a confirm before the queue has taken the publish', planted.confirmAtOnce, PUBLISHERS],
    ['B11 what a dead actor had given out and forgot', planted.forgetUnacked, QUEUES_DIE],
    ['B11 a batch that is not sent again', planted.batchesForgotten, { ...PUBLISHERS, queueKills: 2 }],
    ['B11 consumers that do not come back', planted.consumersForgotten, QUEUES_DIE],
    ['B12 a channel whose death is not noticed', planted.deafToChannels, CHANNELS_DIE],
  ];
  it.each(rows)('%s is noticed', (_name, plant, allowed) => {
    const caught = tells(brokerProperty(allowed, 0), brokerProperty(allowed, 0, plant), SHRINK_RUNS);
    expect(caught.deviations).toBeLessThanOrEqual(7);
  });
});

describe('a store that is slow to be safe', () => {
  const allowed: Allowed = { ...PUBLISHERS, queueKills: 2 };

  it('B9 B11 what an actor has taken and not confirmed before it died is confirmed by the next one, once', () => {
    holds(brokerProperty(QUEUES_DIE, 0, planted.slowStore), RUNS);
    holds(brokerProperty(allowed, 0, planted.slowStore), RUNS);
  });

  it('B11 a batch that is sent again to a queue that has it is noticed', () => {
    const sound = brokerProperty(allowed, 0, planted.slowStore);
    expect(tells(sound, brokerProperty(allowed, 0, planted.takeBatchAgain), SHRINK_RUNS).deviations).toBeLessThan(7);
  });
});

describe('what once failed', () => {
  const channels = [{ confirms: false, shared: 0 }];
  const publish = { do: 'publish', to: 'a', count: 1, ch: 0, later: false } as const;
  const close = { do: 'close', ch: 0, later: false } as const;

  it('B2 a channel that closes while the queue’s actor is dead waits until the next one has its publishes', () => {
    const program: BrokerProgram = {
      clients: [{ channels, ops: [{ do: 'get', queue: 'a', noAck: false, ch: 0, later: false }, publish, close] }],
      queueKills: [{ queue: 'a', slices: 1 }],
    };
    for (const threads of [0, 2] as const) holdsFor(brokerProperty(QUEUES_DIE, threads), program);
  });

  it('B2 B11 a delivery without acknowledgement that a dying actor has sent is delivered while the channel waits', () => {
    const program: BrokerProgram = {
      clients: [
        {
          channels,
          ops: [
            { do: 'consume', queue: 'a', prefetch: 0, noAck: true, ch: 0, later: false },
            publish,
            { do: 'get', queue: 'a', noAck: false, ch: 0, later: false },
          ],
        },
      ],
      queueKills: [{ queue: 'a', slices: 12 }],
    };
    holdsFor(brokerProperty(QUEUES_DIE, 0), program, 100);
  });
});
