// Question: what does a process cost, and who else was busy? CPU seconds and resident memory of a process by pid, read
// from /proc, and the busy time of the whole machine, so that a disturbed sample can be told. Only Linux has /proc; elsewhere every reading is undefined and the tables leave the column empty.

import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** USER_HZ, which Linux fixes at 100 for user space. */
const TICKS_PER_SECOND = 100;

/** What `readProcess` knows of a process. */
export interface ProcessReading {
  /** User and system time since the start of the process. */
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

/** CPU and memory of one process; undefined when it is gone or the platform has no /proc. */
export function readProcess(pid: number): ProcessReading | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the name in parentheses, which may contain spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const rss = /^VmRSS:\s+(\d+) kB/m.exec(status);
    return {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
      rssBytes: Number(rss?.[1] ?? 0) * 1024,
    };
  } catch {
    return undefined;
  }
}

/** The sum over several processes; undefined when none can be read. */
export function readProcesses(pids: readonly number[]): ProcessReading | undefined {
  const readings = pids.map(readProcess).filter((reading) => reading !== undefined);
  if (readings.length === 0) return undefined;
  return {
    cpuSeconds: readings.reduce((sum, reading) => sum + reading.cpuSeconds, 0),
    rssBytes: readings.reduce((sum, reading) => sum + reading.rssBytes, 0),
  };
}

/** Seconds that all cores together were not idle since the machine's start. */
export function machineBusySeconds(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) / 1000;
}
