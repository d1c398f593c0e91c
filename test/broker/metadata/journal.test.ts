import { describe, expect, it } from 'vitest';
import type { JournalRecord } from '../../../src/broker/metadata/event-codec.ts';
import { gapIn } from '../../../src/broker/metadata/journal.ts';

const EVENT: JournalRecord = { tag: 'event', event: { tag: 'vhostAdded', vhost: '/' } };
const part = (number: number, parts = 2): JournalRecord => {
  return { tag: 'snapshotPart', part: number, parts, lastQueueId: 0, events: [] };
};
const from = (first: number, ...records: JournalRecord[]) =>
  records.map((record, place) => ({ sequence: first + place, record }));

describe('the records of the metadata in a log', () => {
  it('are whole from 1 on, or from the first part of a snapshot', () => {
    expect(gapIn([])).toBe(null);
    expect(gapIn(from(1, EVENT, EVENT))).toBe(null);
    expect(gapIn(from(8, part(0), part(1), EVENT))).toBe(null);
    // A snapshot of which the last part never came: what was before it is still there.
    expect(gapIn(from(1, EVENT, part(0), EVENT))).toBe(null);
  });

  it('are not whole where one is missing at their beginning or between two; the numbers are told', () => {
    expect(gapIn(from(2, EVENT))).toEqual([1, 1]);
    expect(gapIn(from(8, part(1), EVENT))).toEqual([1, 7]);
    expect(gapIn([...from(1, EVENT, EVENT), ...from(5, EVENT)])).toEqual([3, 4]);
    expect(gapIn([...from(1, EVENT), ...from(5, part(0), part(1))])).toEqual([2, 4]);
  });
});
