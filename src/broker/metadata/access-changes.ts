// Changes of users, vhosts and permissions in the metadata server: checked, made, and carried to the connections that they
// end. A vhost takes its queues with it.
import type { Context } from '../../process/index.ts';
import { type AccessEvent, changeRefusal } from '../access/index.ts';
import type { BrokerError } from '../errors.ts';
import type { Outcome } from '../queue-server/protocol.ts';
import type { MetadataState } from './metadata-state.ts';

/** Makes the change, or says why not. */
export function changeAccess(
  metadata: MetadataState,
  context: Pick<Context, 'send'>,
  event: AccessEvent,
): Outcome<true> {
  const error = changeRefusal(metadata.tables.configuration, event);
  if (error !== null) return { ok: false, error };
  if (event.tag === 'vhostDeleted') deleteQueues(metadata, context, event.vhost);
  metadata.emit(event);
  if (event.tag === 'vhostDeleted') {
    metadata.sessions.close(({ vhost }) => vhost === event.vhost, vhostDeleted(event.vhost).text);
  } else if (event.tag === 'userDeleted') {
    metadata.sessions.close(({ user }) => user === event.user, userDeletedText(event.user));
  }
  return { ok: true, value: true };
}

/** What a connection gets that asks something about its vhost after its end. */
export function vhostDeleted(vhost: string): BrokerError {
  return { scope: 'connection', code: 320, text: `vhost '${vhost}' is deleted` };
}

function deleteQueues(metadata: MetadataState, context: Pick<Context, 'send'>, vhost: string): void {
  const { tables } = metadata;
  for (const { id } of [...tables.allQueues()].filter((record) => record.vhost === vhost)) {
    const place = tables.placeOf(id);
    metadata.removeQueue(id);
    if (place !== undefined) context.send(place.pid, { tag: 'vanish' });
  }
}

/** What the connections of a user that is no more are told. */
export function userDeletedText(user: string): string {
  return `user '${user}' is deleted`;
}
