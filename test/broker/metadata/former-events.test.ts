import { expect, it } from 'vitest';
import { isFastLogin, mayBe, vhostAccess } from '../../../src/broker/access/index.ts';
import { decodeJournalRecord, encodeJournalRecord } from '../../../src/broker/metadata/event-codec.ts';
import type { MetadataEvent } from '../../../src/broker/metadata/events.ts';
import { replayed } from '../../../src/broker/metadata/journal.ts';

import { applyEvent, emptyTables, snapshotOf } from '../../../src/broker/metadata/tables.ts';

/** A record of a log that an earlier version of this program has written. */
const FORMER = { name: 'guest', password: 'guest', isLoopbackOnly: true, vhosts: 'all' } as const;

function formerRecords() {
  const events = [
    { tag: 'userSet', user: FORMER } as unknown as MetadataEvent,
    { tag: 'vhostAdded', vhost: '/' },
  ] as const;
  const bytes = encodeJournalRecord({ tag: 'snapshotPart', part: 0, parts: 1, lastQueueId: 0, events });
  return [decodeJournalRecord(bytes)];
}

it('B24 a log with users as earlier versions wrote them opens, and its users have what they had', () => {
  const tables = emptyTables();
  for (const event of replayed(formerRecords()).events) applyEvent(tables, event);
  const { configuration } = tables;
  expect(isFastLogin(configuration, { user: 'guest', password: 'guest' })).toBe(true);
  expect(mayBe(configuration, 'guest', '10.0.0.1')).toBe(false);
  expect(isFastLogin(configuration, { user: 'guest', password: 'other' })).toBe(false);
  expect(vhostAccess(configuration, '/', 'guest')).toBe('ok');
  expect(JSON.stringify(snapshotOf(tables))).not.toContain('"password"');
});

it('what a snapshot has of vhosts, users and permissions makes the same configuration again, through the log', () => {
  const limits = { connectionsMax: 3, queuesMax: null };
  const permission = { user: 'u', vhost: 'v', configure: '^a', write: '', read: '.*' };
  const topic = { user: 'u', vhost: 'v', exchange: 'amq.topic', write: '^x\\.', read: '' };
  const user = { name: 'u', passwordHash: '', hashing: 'md5' as const, tags: ['policymaker'], isLoopbackOnly: false };
  const events: MetadataEvent[] = [
    { tag: 'vhostSet', record: { name: 'v', description: 'ü', tags: ['t'], limits } },
    { tag: 'userSet', user: { ...user, limits: { connectionsMax: null, channelsMax: 0 } } },
    { tag: 'permissionsSet', permission },
    { tag: 'topicPermissionsSet', permission: topic },
  ];
  const before = emptyTables();
  for (const event of events) applyEvent(before, event);
  const after = emptyTables();
  for (const event of snapshotOf(before)) {
    const record = decodeJournalRecord(encodeJournalRecord({ tag: 'event', event }));
    for (const read of replayed([record]).events) applyEvent(after, read);
  }
  expect(after.configuration).toEqual(before.configuration);
  applyEvent(after, { tag: 'userDeleted', user: 'u' });
  expect(after.configuration).toMatchObject({ users: [], permissions: [], topicPermissions: [] });
  applyEvent(before, { tag: 'vhostDeleted', vhost: 'v' });
  expect(before.configuration).toMatchObject({ vhosts: [], permissions: [], topicPermissions: [] });
  expect(before.hasVhost('v')).toBe(false);
});
