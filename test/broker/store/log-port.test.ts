// What the agent of a thread takes to the log, and whether somebody waits for it (B1).
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { LogPort } from '../../../src/broker/store/log-port.ts';

const PAYLOAD = new Uint8Array(4);

function port(): LogPort {
  return new LogPort((bytes, previous) => crc32(bytes, previous), 1_000);
}

describe('LogPort', () => {
  test('a batch is awaited when a queue waits for it or for one before that the log does not know to be waited for', () => {
    const log = port();
    log.batch.acks(2, [[1, 1]]);
    log.written(1, 0);
    expect(log.take()).toMatchObject({ batch: 1, isAwaited: false });
    log.batch.publish(2, 2, [PAYLOAD]);
    log.written(1, log.batchNumber);
    expect(log.take()).toMatchObject({ batch: 2, isAwaited: true });
    log.batch.acks(2, [[2, 2]]);
    log.written(1, 0);
    expect(log.take()).toMatchObject({ batch: 3, isAwaited: false });
    log.batch.acks(4, [[2, 2]]);
    log.written(2, 3);
    expect(log.take()).toMatchObject({ batch: 4, isAwaited: true });
  });

  test('who begins to wait for what went out unawaited has the log hurry with an empty batch, once', () => {
    const log = port();
    log.batch.acks(2, [[1, 1]]);
    log.written(1, 0);
    log.take();
    log.written(1, 1);
    const { batch, bytes, isAwaited } = log.take();
    expect([batch, bytes?.length, isAwaited]).toEqual([1, 0, true]);
    expect(log.take().bytes).toBe(null);
  });

  test('a queue is told of every safe batch until the one that it waits for', () => {
    const log = port();
    const pid = {} as Parameters<LogPort['own']>[1];
    log.own(1, pid);
    for (let batch = 1; batch <= 2; batch++) {
      log.batch.publish(2, batch, [PAYLOAD]);
      log.written(1, log.batchNumber);
      log.take();
    }
    expect([log.safe(1), log.safe(2), log.safe(3)]).toEqual([[pid], [pid], []]);
  });

  test('B19 a queue that waits is told that the disk is full, and goes on waiting', () => {
    const log = port();
    const pid = {} as Parameters<LogPort['own']>[1];
    log.own(1, pid);
    log.own(2, pid);
    log.batch.publish(2, 1, [PAYLOAD]);
    log.written(1, log.batchNumber);
    log.take();
    expect([log.full(true), log.isFull, log.full(false), log.isFull]).toEqual([[pid], true, [], false]);
    expect(log.safe(1)).toEqual([pid]);
  });
});
