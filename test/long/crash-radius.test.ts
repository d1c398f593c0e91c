// The crash radius over real sockets in the size that the broker is held to.
import { describe, it } from 'vitest';
import { killChannels, killQueues, killThreads } from '../protocol/crash-radius.ts';

const TIMEOUT_MS = 600_000;

describe('the crash radius in full size', () => {
  it('of a channel, 200 times', () => killChannels(200), TIMEOUT_MS);
  it('of a queue, 200 times', () => killQueues(200), TIMEOUT_MS);
  it('of a data thread, 50 times', () => killThreads(50), TIMEOUT_MS);
});
