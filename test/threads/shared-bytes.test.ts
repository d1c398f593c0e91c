import { expect, it } from 'vitest';
import { type Pid, receive } from '../../src/index.ts';
import { startSystem } from '../../src/start.ts';
import { INVERTER } from '../actors/threads.ts';
import { at } from './fixture.ts';

it.each([0, 1])('bytes in shared memory reach a process on thread %i and come back as a reference', async (thread) => {
  await using system = await startSystem({ threads: 1, strict: false });
  const bytes = new Uint8Array(new SharedArrayBuffer(65_536), 16, 60_000).fill(0x0f);
  const answer = await system.run(function* (context) {
    const inverter = context.spawn(INVERTER, [], at(thread)) as Pid<unknown>;
    for (let round = 0; round < 3; round++) {
      context.send(inverter, { from: context.self, bytes });
      yield* receive();
    }
    context.send(inverter, { from: context.self, bytes });
    return yield* receive<Uint8Array>();
  });
  expect([answer.byteOffset, answer.length]).toEqual([16, 60_000]);
  // Four times inverted in place, by whoever got the reference.
  expect(bytes.every((byte) => byte === 0x0f)).toBe(true);
  answer[59_999] = 1;
  expect(bytes[59_999]).toBe(1);
});
