// The queue checker of the testing kit, by the names it has in the tests of the broker.
export {
  checkQueueHistory as checkHistory,
  type Explained,
  NOTHING_EXPLAINED,
  type QueueObservation as Observation,
  type QueueReport as Report,
  type QueueRule as Rule,
  summaryOfQueueReport as summaryOf,
} from '../../src/testing.ts';
