// SIG-7: a name is free before news of its owner's death arrives, so that whoever hears of it can take the name at once.
import fc from 'fast-check';
import { type Context, receive, register } from '../../../src/process/index.ts';
import type { Pid } from '../../../src/term/index.ts';
import type { Property } from '../check.ts';

interface Program {
  readonly rounds: number;
  readonly via: 'monitor' | 'link';
  readonly end: 'return' | 'crash' | 'kill';
}

function* owner(context: Context<unknown>, root: Pid<unknown>) {
  const taken = yield* register('the name');
  if (!taken.ok) throw new Error(`the name is not free: ${taken.error}`);
  context.send(root, 'ready');
  const order = yield* receive();
  if (order === 'crash') throw new Error('as told');
}

function* root(context: Context<unknown>, { rounds, via, end }: Program) {
  context.trapExit(true);
  for (let round = 0; round < rounds; round++) {
    const made =
      via === 'link' ? { pid: context.spawnLink(owner, [context.self]) } : context.spawnMonitor(owner, [context.self]);
    const pid = made.pid as Pid<unknown>;
    const first = yield* receive();
    if (first !== 'ready') throw new Error(JSON.stringify((first as { reason: unknown }).reason));
    if (end === 'kill') context.exit(pid, 'kill');
    else context.send(pid, end);
    yield* receive();
    if (context.whereis('the name') !== undefined) throw new Error('the dead owner is still found by name');
  }
}

export const freeNames: Property<Program> = {
  programs: fc.record({
    rounds: fc.integer({ min: 1, max: 4 }),
    via: fc.constantFrom('monitor' as const, 'link' as const),
    end: fc.constantFrom('return' as const, 'crash' as const, 'kill' as const),
  }),
  body: (program) => (context) => root(context, program),
};
