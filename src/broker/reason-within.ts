// Looks into the reason why a supervision tree did not start: around the cause each supervisor on the way has put its own.
import { hasTag } from '../term/index.ts';

/** What has the tag, somewhere in a reason; null where nothing has. */
export function taggedWithin(reason: unknown, tag: string): object | null {
  for (let inner = reason; typeof inner === 'object' && inner !== null; ) {
    if (hasTag(inner, tag)) return inner;
    const { detail, reason: cause } = inner as { readonly detail?: unknown; readonly reason?: unknown };
    inner = detail ?? cause;
  }
  return null;
}
