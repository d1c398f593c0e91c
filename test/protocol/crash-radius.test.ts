// The crash radius over real sockets, in a size for every run; test/long has the sizes that the broker is held to.
import { describe, it } from 'vitest';
import { killChannels, killQueues, killThreads, killUnderPublishes } from './crash-radius.ts';

const TIMEOUT_MS = 120_000;

describe('the crash radius', () => {
  it('of a channel is its connection, which closes with 541', () => killChannels(40), TIMEOUT_MS);
  it('of a queue is what was unacknowledged, which comes again', () => killQueues(40), TIMEOUT_MS);
  it('of a data thread is its connections and what its queues held', () => killThreads(6), TIMEOUT_MS);
  it('of a data thread leaves no publish unanswered, without later traffic', () => killUnderPublishes(6), TIMEOUT_MS);
});
