/** What Linux says a process has used: CPU time of all its threads, time it waited for a core, and resident memory. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

let ticksPerSecond: number | undefined;

function microsPerTick(): number {
  ticksPerSecond ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  return 1e6 / ticksPerSecond;
}

interface Thread {
  ran: number;
  waited: number;
}

/** A reading of a process's counters; the difference of two says what was used between them. */
export interface CpuReading {
  /** By thread id, from `schedstat`, in nanoseconds. */
  threads: Map<string, Thread>;
  /** User and system time of all threads, ended ones too, in ticks, from `stat`. */
  ticks: number;
}

export function readCpu(pid: number): CpuReading {
  const threads = new Map<string, Thread>();
  for (const id of readdirSync(`/proc/${pid}/task`)) {
    try {
      const [ran, waited] = readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ');
      threads.set(id, { ran: Number(ran), waited: Number(waited) });
    } catch {
      // The thread ended between the listing and the reading: `cpuBetween` notices.
    }
  }
  // The second field is the program's name in brackets and may hold blanks; user and system time are fields 14 and 15.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { threads, ticks: Number(fields[11]) + Number(fields[12]) };
}

/** CPU time used, and time spent ready but waiting for a core, in microseconds. */
export interface CpuUse {
  used: number;
  waited: number;
}

export function cpuBetween(before: CpuReading, after: CpuReading): CpuUse {
  let used = 0;
  let waited = 0;
  for (const [id, thread] of after.threads) {
    const earlier = before.threads.get(id) ?? { ran: 0, waited: 0 };
    used += (thread.ran - earlier.ran) / 1000;
    waited += (thread.waited - earlier.waited) / 1000;
  }
  // `schedstat` is exact to the nanosecond but forgets threads that end; then the coarser sum, which does not, is right.
  const lost = [...before.threads.keys()].some((id) => !after.threads.has(id));
  if (lost || used === 0) used = (after.ticks - before.ticks) * microsPerTick();
  return { used, waited };
}

/** Resident memory in bytes, or NaN for a process that is gone. */
export function readRss(pid: number): number {
  try {
    const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(line?.[1]) * 1024;
  } catch {
    return Number.NaN;
  }
}
