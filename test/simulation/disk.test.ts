// The simulated disk keeps what every disk promises, and forgets what it may forget (reliability.md 2.a).
import { describe } from 'vitest';
import { SimDisk } from '../../src/testing.ts';
import { diskLaws } from '../support/disk-laws.ts';

describe('the simulated disk', () => {
  diskLaws(() => {
    const disk = new SimDisk();
    return { disk, settle: () => disk.settle() };
  });
});
