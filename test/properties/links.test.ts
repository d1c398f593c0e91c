// LNK-1, LNK-5: whatever link and unlink requests cross, both sides agree in the end, and an unlinked process hears
// nothing of the other's end.
import { describe, expect, it } from 'vitest';
import { catches, holds, violates } from './check.ts';
import { anyAck, noPendingUnlink, symmetry } from './kernel/links.ts';
import { fastLane } from './planted.ts';

describe('links', () => {
  it('LNK-5 are symmetric at rest, and unlink is final, under any schedule', () => holds(symmetry, 800));

  it('LNK-5 a link request that crosses an unlink and wins is noticed', () => {
    expect(catches(symmetry, noPendingUnlink).deviations).toBeLessThanOrEqual(6);
    violates(symmetry, noPendingUnlink, 'R6');
  });

  it('LNK-5 an acknowledgement that ends a newer link is noticed', () => {
    expect(catches(symmetry, anyAck).deviations).toBeLessThanOrEqual(4);
    violates(symmetry, anyAck, 'R6');
  });

  it('LNK-5 unlink requests that overtake links are noticed', () => {
    expect(catches(symmetry, fastLane('unlink')).deviations).toBeLessThanOrEqual(4);
  });
});
