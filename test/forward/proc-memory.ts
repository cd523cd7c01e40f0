import { readFileSync } from 'node:fs';

/** Resident memory of a process, MB. */
export function residentMb(pid: number): number {
  const kb = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kb) / 1024;
}

/** The most resident memory of a process since this began, MB over what it had then; looked at every few milliseconds. */
export function watchMemory(pid: number): { stop(): number } {
  const before = residentMb(pid);
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, residentMb(pid));
  }, 5);
  return {
    stop() {
      clearInterval(timer);
      return Math.max(most, residentMb(pid)) - before;
    },
  };
}
