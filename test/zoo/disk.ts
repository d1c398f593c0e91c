// Mistakes of what has to survive, by the rows B1, B10 and B24 of the reliability digest: each is a sync that a log
// leaves out, takes for done, or does not wait for.
import { durableProperty } from '../properties/broker/durable.ts';
import { logProperty, type Mistaken, namesUnsynced, syncing } from '../properties/storage/log-on-disk.ts';
import { different } from './hunt.ts';
import type { Mistake } from './mistake.ts';

const CUTS = { diskCuts: 2, diskDelays: 2 };
const FAILURES = { ...CUTS, diskFailures: 2 };

function row(invariant: string, id: string, what: string, mistaken: Mistaken, faults = CUTS): Mistake {
  const hunt = different(logProperty(), logProperty(mistaken), { faults });
  return { id, invariant, planted: what, property: 'log on a disk', hunt };
}

export const diskMistakes: readonly Mistake[] = [
  {
    id: 'broker-confirms-early',
    invariant: 'B1',
    planted: 'the broker confirms what is not synced',
    property: 'broker on a disk',
    hunt: different(durableProperty(), durableProperty({ durability: 'os' }), { faults: CUTS }),
  },
  row('B10', 'names-unsynced', 'names of segments are not synced', { disk: namesUnsynced }),
  row('B10', 'early-confirm', 'a confirm does not wait for the sync', { options: { durability: 'os' } }),
  row('B10', 'sync-too-early', 'a sync is done when it has begun', {
    disk: syncing((real, done) => {
      real(() => {});
      done(true);
    }),
  }),
  row(
    'B24',
    'failed-sync-done',
    'a failed sync counts as done',
    { disk: syncing((real, done) => real(() => done(true))) },
    FAILURES,
  ),
  row(
    'B24',
    'sync-again',
    'a failed sync is tried again',
    { disk: syncing((real, done) => real((ok) => (ok ? done(true) : real(done)))) },
    FAILURES,
  ),
];
