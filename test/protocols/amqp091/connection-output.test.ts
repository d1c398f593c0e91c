// What a connection writes and the credit that goes back for it: DESIGN decision 16.
import { expect, it } from 'vitest';
import type { Socket } from '../../../src/env/index.ts';
import { ConnectionOutput } from '../../../src/protocols/amqp091/connection-output.ts';
import { FLUSH_BYTES } from '../../../src/protocols/amqp091/limits.ts';
import { messageOf } from '../../broker/messages.ts';

function outputOf(hasRoom: boolean) {
  const credit: number[] = [];
  let written = 0;
  const socket = {
    write: (bytes: Uint8Array) => {
      written += bytes.length;
      return hasRoom;
    },
  } as Partial<Socket> as Socket;
  const output = new ConnectionOutput(
    socket,
    (_to, message) => {
      if (message.tag === 'written') credit.push(message.deliveries);
    },
    4_194_304,
  );
  const deliver = (bodyBytes: number) => {
    const message = messageOf({ bytes: new Uint8Array(2 + bodyBytes), propertiesEnd: 2, bodyAt: 2 });
    output.deliveries(1, null as never, [{ consumerTag: 'a', deliveryTag: 1, redelivered: false, message }]);
  };
  return { output, credit, deliver, written: () => written };
}

it('a delivery that is written at once, because it is large, still gets its credit back with the next flush', () => {
  const { output, credit, deliver, written } = outputOf(true);
  deliver(FLUSH_BYTES);
  expect(written()).toBeGreaterThan(FLUSH_BYTES);
  expect(output.isDirty).toBe(true);
  output.flush();
  expect(credit).toEqual([1]);
  expect(output.isDirty).toBe(false);
});

it('credit behind a full socket waits until it has drained, without a flush meanwhile', () => {
  const { output, credit, deliver } = outputOf(false);
  deliver(FLUSH_BYTES);
  deliver(10);
  output.flush();
  expect([output.isDirty, credit]).toEqual([false, []]);
  output.drained();
  expect(credit).toEqual([2]);
});
