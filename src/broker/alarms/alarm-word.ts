// The alarms of a broker as every thread sees them: one word of `env.words` with a bit for each cause (B19). Whoever reads
// publishes looks at it; ../metadata/words.ts has the other words.

const ALARM_WORD = 2;

/** Why publishers have to wait. */
export type Alarm = 'memory' | 'heap' | 'diskLow' | 'diskFull';

const BITS: Readonly<Record<Alarm, number>> = { memory: 1, heap: 2, diskLow: 4, diskFull: 8 };
const MEMORY_BITS = BITS.memory | BITS.heap;
const DISK_BITS = BITS.diskLow | BITS.diskFull;

/** Sets or clears an alarm; true when that changed it. */
export function setAlarm(words: Int32Array, alarm: Alarm, isOn: boolean): boolean {
  const bit = BITS[alarm];
  const before = isOn ? Atomics.or(words, ALARM_WORD, bit) : Atomics.and(words, ALARM_WORD, ~bit);
  return ((before & bit) !== 0) !== isOn;
}

/** Whether publishers have to wait. */
export function isAlarmed(words: Int32Array): boolean {
  return Atomics.load(words, ALARM_WORD) !== 0;
}

/** The alarms that are on. */
export function alarmsOf(words: Int32Array): readonly Alarm[] {
  const bits = Atomics.load(words, ALARM_WORD);
  return (Object.keys(BITS) as Alarm[]).filter((alarm) => (bits & BITS[alarm]) !== 0);
}

/** What a blocked client is told: `low on memory`, `low on disk` or `low on memory & disk`. */
export function alarmReason(words: Int32Array): string {
  const bits = Atomics.load(words, ALARM_WORD);
  const short = [...((bits & MEMORY_BITS) === 0 ? [] : ['memory']), ...((bits & DISK_BITS) === 0 ? [] : ['disk'])];
  return `low on ${short.join(' & ')}`;
}
