// Texts recorded from RabbitMQ 3.10.8 on the wire.
import { expect, it } from 'vitest';
import {
  type AccessRecords,
  channelRefusal,
  entryRefusal,
  FIRST_USER,
  plainVhost,
  queueRefusal,
} from '../../../src/broker/access/index.ts';

const user = { ...FIRST_USER, name: 'u', limits: { connectionsMax: 2, channelsMax: 0 } };
const vhost = { ...plainVhost('v'), limits: { connectionsMax: 1, queuesMax: 2 } };
const permissions = [{ user: 'u', vhost: 'v', configure: '', write: '', read: '' }];
const access: AccessRecords = { vhosts: [vhost], users: [user], permissions, topicPermissions: [] };
const entry = (counts: readonly [number, number], records = access, name = 'v') =>
  entryRefusal(records, { user: 'u', vhost: name }, { onNode: 0, inVhost: counts[0], ofUser: counts[1] });

it('a connection is refused for its vhost first, then for its user, then for want of permissions', () => {
  expect(entry([0, 1])).toBe(null);
  expect(entry([0, 0], access, 'w')).toBe('vhost w not found');
  expect(entry([1, 2])).toBe("access to vhost 'v' refused for user 'u': connection limit (1) is reached");
  const none = { ...access, permissions: [] };
  expect(entry([0, 2], none)).toBe("connection refused for user 'u': user connection limit (2) is reached");
  expect(entry([0, 0], none)).toBe("access to vhost 'v' refused for user 'u'");
});

it('a limit of 0 refuses all, and no limit nothing', () => {
  const text = "number of channels opened for user 'u' has reached the maximum allowed user limit of (0)";
  expect(channelRefusal(access, 'u', 0)).toBe(text);
  expect(channelRefusal({ ...access, users: [FIRST_USER] }, 'guest', 1e6)).toBe(null);
  expect(queueRefusal(access, 'v', 'l1', () => 1)).toBe(null);
  const full = "cannot declare queue 'l1': queue limit in vhost 'v' (2) is reached";
  expect(queueRefusal(access, 'v', 'l1', () => 2)).toMatchObject({ code: 406, scope: 'channel', text: full });
});
