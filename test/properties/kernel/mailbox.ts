// RCV-1, RCV-2, RCV-3: selective receives against the simplest possible model of a mailbox.
import fc from 'fast-check';
import { type Context, pause, receive, TIMEOUT } from '../../../src/process/index.ts';
import type { Pid, Ref } from '../../../src/term/index.ts';
import type { Property } from '../check.ts';

/** `self` sends to oneself, `any`/`even`/`odd` receive, `ask` makes a ref and waits for the answer that holds it. */
type Op = 'self' | 'any' | 'even' | 'odd' | 'none' | 'ask';
interface Program {
  readonly early: number;
  readonly ops: readonly Op[];
}

type Item = { readonly n: number } | { readonly answer: Ref };

function* answerer(_context: Context<unknown>) {
  for (;;) {
    const { from, ref } = yield* receive<{ from: Pid<unknown>; ref: Ref }>();
    // The noise before the answer must be left alone by the receive that waits for the ref.
    _context.send(from, { n: -2 });
    _context.send(from, { answer: ref });
  }
}

function parity(want: number | null) {
  return (message: unknown) =>
    'n' in (message as Item) && (want === null || Math.abs((message as { n: number }).n % 2) === want);
}

function* root(context: Context<unknown>, { early, ops }: Program) {
  const server = context.spawn(answerer) as Pid<unknown>;
  const model: number[] = [];
  let n = 0;
  const put = () => {
    context.send(context.self as Pid<unknown>, { n });
    model.push(n++);
  };
  for (let count = 0; count < early; count++) put();
  for (const op of ops) {
    if (op === 'self') put();
    else if (op === 'ask') {
      const ref = context.makeRef();
      context.send(server, { from: context.self, ref });
      // The answer may be there before anybody waits for it.
      yield* pause();
      yield* receive((message) => (message as { answer?: Ref }).answer === ref, { ref });
      model.push(-2);
    } else {
      const want = op === 'none' ? 7 : op === 'any' ? null : op === 'even' ? 0 : 1;
      const at = model.findIndex((item) => want === null || Math.abs(item % 2) === want);
      const got = yield* receive(parity(want), { afterMs: 0 });
      const expected = at < 0 ? undefined : model.splice(at, 1)[0];
      const seen = got === TIMEOUT ? undefined : (got as { n: number }).n;
      if (seen !== expected) throw new Error(`receive ${op}: ${seen}, not ${expected}`);
    }
  }
}

export const mailbox: Property<Program> = {
  programs: fc.record({
    early: fc.nat(4),
    ops: fc.array(fc.constantFrom<Op>('self', 'any', 'even', 'odd', 'none', 'ask'), { maxLength: 12 }),
  }),
  body: (program) => (context) => root(context, program),
};
