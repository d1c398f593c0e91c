// Function bodies in messages to a supervisor of the same thread. A function is no term, so it travels as a ref that
// stands for it on this scheduler only; on another thread the ref stands for nothing, and the error says what to do.
import type { AnyBody, Context } from '../process/index.ts';
import { isMfa, Ref } from '../term/index.ts';
import type { ChildSpec, ChildStart } from './child-spec.ts';

class LocalBody {
  readonly body: AnyBody;
  constructor(body: AnyBody) {
    this.body = body;
  }
}

/** A child spec as it travels: a body that is a function has become a ref. */
export interface PackedSpec extends Omit<ChildSpec, 'start'> {
  readonly start: Omit<ChildStart, 'body'> & { readonly body: AnyBody | Ref };
}

/** Makes a spec sendable. */
export function packSpec(context: Context, spec: ChildSpec): PackedSpec {
  const body = spec?.start?.body;
  // What is no spec at all is refused by the supervisor, with the right error.
  if (body === undefined || isMfa(body)) return spec;
  const ref = context.kernel.makeRef();
  ref.slot = new LocalBody(body);
  return { ...spec, start: { ...spec.start, body: ref } };
}

/** In the place of a body that was a function on another thread; no check accepts it, and the error shows it. */
const FOREIGN = 'a function of another thread: name the body as { module, export }';

/** The spec that was packed. */
export function unpackSpec(spec: PackedSpec): ChildSpec {
  const body = spec?.start?.body;
  if (!(body instanceof Ref)) return spec as ChildSpec;
  const local = body.slot instanceof LocalBody ? body.slot.body : FOREIGN;
  return { ...spec, start: { ...spec.start, body: local as AnyBody } };
}
