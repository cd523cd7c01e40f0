import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Says that the process that has the data folder takes SIGHUP for a wish to look again. One that does not, such as a program
 * with a gateway inside, would be ended by it.
 */
export function sayHearsSighup(dir: string): void {
  if (existsSync(join(dir, 'headgate.lock'))) writeFileSync(join(dir, 'headgate.sighup'), `${process.pid}\n`);
}

/** The id of a process that a file holds; null when it does not. */
export function pidIn(file: string): number | null {
  try {
    const pid = Number(readFileSync(file, 'utf8').trim());
    return Number.isSafeInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}
