// LNK-1, LNK-5: whatever link and unlink requests cross, both sides agree in the end, and an unlinked process hears
// nothing of the other's end.
import fc from 'fast-check';
import { type Context, isExit, processInfo, receive } from '../../../src/process/index.ts';
import type { Pid } from '../../../src/term/index.ts';
import type { Property } from '../check.ts';
import { forgetfulLinks } from '../planted.ts';

type Op = 'link' | 'unlink' | 'pause';
interface Program {
  readonly left: readonly Op[];
  readonly right: readonly Op[];
}

/** Links and unlinks as told; then says what it hears of the other's end. */
function* partner(context: Context<unknown>, root: Pid<unknown>, ops: readonly Op[]) {
  context.trapExit(true);
  const { peer } = yield* receive<{ peer: Pid<never> }>((message) => has(message, 'peer'));
  for (const op of ops) {
    if (op === 'link') context.link(peer);
    else if (op === 'unlink') context.unlink(peer);
    else yield* receive((message) => message === 'never', { afterMs: 0 });
  }
  const last = ops.findLast((op) => op !== 'pause') ?? 'pause';
  context.send(root, { did: context.self, last });
  const next = yield* receive((message) => message === 'end' || isExit(message));
  if (next === 'end') context.exit('ended');
  context.send(root, { heard: context.self });
  yield* receive((message) => message === 'end');
}

function has(message: unknown, field: string): boolean {
  return typeof message === 'object' && message !== null && field in message;
}

function* root(context: Context<unknown>, program: Program) {
  const left = context.spawn(partner, [context.self, program.left]) as Pid<unknown>;
  const right = context.spawn(partner, [context.self, program.right]) as Pid<unknown>;
  context.send(left, { peer: right });
  context.send(right, { peer: left });
  const last = new Map<Pid<unknown>, Op>();
  for (let count = 0; count < 2; count++) {
    const did = yield* receive<{ did: Pid<unknown>; last: Op }>((message) => has(message, 'did'));
    last.set(did.did, did.last);
  }
  yield* quiet();
  const links = yield* linksOf(left, right);
  if (links[0] !== links[1]) throw new Error(`one side is linked, the other not: ${links.join()}`);
  // Who unlinked last and was not linked again by the other side must not hear of the end.
  const isSafe = last.get(left) === 'unlink' && last.get(right) !== 'link';
  if (isSafe && links[0]) throw new Error('linked after unlink');
  context.send(right, 'end');
  yield* quiet();
  const heard = yield* receive((message) => has(message, 'heard'), { afterMs: 0 });
  if (links[0] === (typeof heard === 'symbol')) throw new Error(`linked ${links[0]}, but heard ${typeof heard}`);
  context.send(left, 'end');
}

/** Long enough, and too far off for a deviation, that everything under way has arrived. */
function* quiet() {
  yield* receive((message) => message === 'never', { afterMs: 60_000 });
}

function* linksOf(left: Pid<unknown>, right: Pid<unknown>) {
  const a = yield* processInfo(left as Pid<never>);
  const b = yield* processInfo(right as Pid<never>);
  return [a?.links.includes(right as Pid<never>) === true, b?.links.includes(left as Pid<never>) === true];
}

const ops = fc.array(fc.constantFrom<Op>('link', 'link', 'unlink', 'unlink', 'pause'), { maxLength: 6 });

export const symmetry: Property<Program> = {
  programs: fc.record({ left: ops, right: ops }),
  body: (program) => (context) => root(context, program),
};

/** A link request that crosses an own unlink is taken for a new one. */
export const noPendingUnlink = forgetfulLinks((links, signal) => {
  if (signal.kind !== 'link') return false;
  links.delete(signal.from);
  links.receiveLink(signal.from);
  return true;
});

/** Any acknowledgement ends the link, whichever unlink it answers. */
export const anyAck = forgetfulLinks((links, signal) => {
  if (signal.kind !== 'unlinkAck') return false;
  links.delete(signal.from);
  return true;
});
