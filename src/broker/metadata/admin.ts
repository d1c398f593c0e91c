// What an administrator asks of the metadata, as effects: changes that no client's connection makes. They are done, and
// in the log where there is one, when the effect is over; channels of every thread see them before their next command.
import { call } from '../../behaviours/index.ts';
import { context as currentContext, type Effects } from '../../process/index.ts';
import type { Policy, PolicyKey } from '../policies/index.ts';
import type { MetadataEvent } from './events.ts';
import { type Change, METADATA_NAME, type MetadataPid } from './protocol.ts';

const PATIENCE_MS = Number.POSITIVE_INFINITY;

/** The metadata server; throws while there is none. */
export function* metadataPid(): Effects<MetadataPid> {
  const pid = (yield* currentContext()).whereis(METADATA_NAME);
  if (pid === undefined) throw new Error('the broker has no metadata now');
  return pid as MetadataPid;
}

/** Adds a policy that was checked, or replaces the one of its name. Refused: a vhost that does not exist. */
export function* setPolicy(policy: Policy): Effects<Change> {
  return yield* call(yield* metadataPid(), { tag: 'setPolicy', policy }, PATIENCE_MS);
}

/** Refused: a policy that does not exist. */
export function* deletePolicy({ vhost, name, isOperator }: PolicyKey): Effects<Change> {
  return yield* call(yield* metadataPid(), { tag: 'deletePolicy', key: { vhost, name, isOperator } }, PATIENCE_MS);
}

/** Everything there is, as the events that make it. */
export function* allMetadata(): Effects<readonly MetadataEvent[]> {
  const { events } = yield* call(yield* metadataPid(), { tag: 'everything' }, PATIENCE_MS);
  return events;
}
