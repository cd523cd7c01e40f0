import type { CostLine } from './cost-lines.js';

/**
 * The sum of some lines in nano-dollars, rounded half up, for any size: a request of thousands of dollars no longer
 * fits a double in pico-dollars, so whole nano-dollars and their thousandths are summed apart.
 */
export function exactNano(lines: readonly CostLine[]): number {
  let nano = 0;
  let thousandths = 0;
  for (const { count, rate, per } of lines) {
    const part = rate % (1000 * per);
    nano += count * ((rate - part) / (1000 * per));
    thousandths += (count * part) / per;
  }
  return nano + Math.floor((thousandths + 500) / 1000);
}
