// The alarms step by step in virtual time, with a memory and a disk that say what the test says (B19).
import { expect, it } from 'vitest';
import { startLink } from '../../../src/behaviours/index.ts';
import { type Alarm, alarmServer, alarmsOf } from '../../../src/broker/alarms/index.ts';
import type { Disk, DiskResult, Env } from '../../../src/env/index.ts';
import { type Effects, sleep } from '../../../src/process/index.ts';
import { play, type VirtualEngine } from '../../support/virtual-engine.ts';

/** One look: bytes in use, and free bytes on the disk; null for a disk that does not say. */
type Look = readonly [usedBytes: number, freeBytes: number | null];

const SETTINGS = { memoryBytesMax: 1_000, heapShareMax: 0.75, diskFreeBytesMin: 950 };

/** The alarms after each look, and what was logged. */
function after(looks: readonly Look[], everyMs = 1_000): { alarms: (readonly Alarm[])[]; logs: VirtualEngine['logs'] } {
  const alarms: (readonly Alarm[])[] = [];
  let logs: VirtualEngine['logs'] = [];
  play(function* (context, engine): Effects<void> {
    let now: Look = looks[0];
    const freeBytes: Disk['freeBytes'] = (done) => {
      const [, bytes] = now;
      const failure = { code: 'EIO', text: 'it does not say' };
      const result: DiskResult<number> = bytes === null ? { ok: false, failure } : { ok: true, value: bytes };
      done(result);
    };
    const memory = { usedBytes: () => now[0], heapShare: () => 0, collect: () => {} };
    Object.assign(context.env as Env, { memory, disk: { ...context.env.disk, freeBytes } });
    yield* startLink(alarmServer, [SETTINGS]);
    yield* sleep(500);
    for (const [index] of looks.entries()) {
      alarms.push(alarmsOf(context.env.words));
      now = looks[index + 1] ?? now;
      yield* sleep(everyMs);
    }
    logs = engine.logs;
  });
  return { alarms, logs };
}

it('B19 the memory alarm begins above its bound and ends below 95 % of it, so that it does not flicker', () => {
  const used = [1_000, 1_001, 990, 950, 949, 1_000, 1_001];
  const { alarms, logs } = after(used.map((bytes): Look => [bytes, 5_000]));
  expect(alarms.map((list) => list.length)).toEqual([0, 1, 1, 1, 0, 0, 1]);
  expect(alarms[1]).toEqual(['memory']);
  expect(logs.filter(({ data }) => data.alarm === 'memory').map(({ level }) => level)).toEqual([
    'warning',
    'info',
    'warning',
  ]);
});

it('B19 the disk alarm begins below its bound and ends above it by a twentieth; a disk that does not say changes nothing', () => {
  const free = [950, 949, 960, 1_000, null, 1_001, null, 0];
  const { alarms } = after(free.map((bytes): Look => [0, bytes]));
  expect(alarms.map((list) => list.join())).toEqual([
    '',
    'diskLow',
    'diskLow',
    'diskLow',
    'diskLow',
    '',
    '',
    'diskLow',
  ]);
});

it('B19 one alarm that ends leaves the other', () => {
  const { alarms } = after([
    [2_000, 0],
    [0, 0],
    [0, 5_000],
  ]);
  expect(alarms).toEqual([['memory', 'diskLow'], ['diskLow'], []]);
});

it('B19 a disk that could soon be full is looked at more often than every second', () => {
  const looks: Look[] = [
    [0, 100_000],
    [0, 949],
    [0, 949],
  ];
  expect(after(looks, 100).alarms.map((list) => list.join())).toEqual(['', 'diskLow', 'diskLow']);
  const far: Look[] = [
    [0, 10_000_000_000],
    [0, 949],
    [0, 949],
  ];
  expect(after(far, 100).alarms).toEqual([[], [], []]);
});
