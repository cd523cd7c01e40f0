import { readdir, readFile } from 'node:fs/promises';

const EVERY_MS = 2000;
/** Of all Linux builds of Node. */
const PAGE_BYTES = 4096;

/**
 * Looks every two seconds how much memory the processes of a group use together, and says so when it is too much. There is
 * no limit of the operating system that fits: those on address space stop Node and Java before they have done anything, and
 * none counts several processes together without rights that a gateway has not.
 */
export function watchMemory(
  group: number,
  maxBytes: number,
  onExceeded: (bytes: number) => void,
): () => void {
  const timer = setInterval(() => {
    groupBytes(group).then(
      (bytes) => {
        if (bytes > maxBytes) onExceeded(bytes);
      },
      () => {},
    );
  }, EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Resident memory of all processes of that group; 0 where there is no `/proc`. */
async function groupBytes(group: number): Promise<number> {
  const names = await readdir('/proc').catch(() => []);
  const sizes = await Promise.all(
    names.filter((name) => /^\d+$/.test(name)).map((name) => residentOf(name, group).catch(() => 0)),
  );
  return sizes.reduce((sum, one) => sum + one, 0);
}

async function residentOf(pid: string, group: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1');
  // The name of a program may hold spaces and brackets; what counts comes after the last of them.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return Number(fields[2]) === group ? Number(fields[21]) * PAGE_BYTES : 0;
}
