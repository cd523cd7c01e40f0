/** Puts the valid windows of a run together: medians, and each round's ratios to the floor and to direct. */
import type { Scenario } from './scenarios.js';
import type { Target } from './target.js';
import type { Figures, Window } from './window.js';

export interface Row {
  target: string;
  /** What was different for this contender. */
  note?: string;
  windows: Window[];
  /** How many windows counted. */
  valid: number;
  /** Medians over the valid windows. */
  median: Partial<Figures>;
  /** CPU per unit as a multiple of the floor's in the same round, median. */
  timesFloor?: number;
  /** Rate as a share of direct's in the same round, median. */
  ofDirect?: number;
  /** Time added to direct's in the same round, microseconds, median. */
  addedP50?: number;
  addedP99?: number;
}

export interface ScenarioResult {
  id: string;
  title: string;
  unit: Scenario['unit'];
  goal?: number;
  rows: Row[];
}

/** @param windows by contender, in the order of the table */
export function summarise(scenario: Scenario, windows: Map<Target, Window[]>): ScenarioResult {
  const byName = new Map([...windows].map(([target, all]) => [target.name, all]));
  const figuresOf = (target: string) => {
    const valid = (byName.get(target) ?? []).filter(isValid);
    return new Map(valid.map((window) => [window.round, window.figures]));
  };
  const floor = figuresOf('floor');
  const direct = figuresOf('direct');
  const rows: Row[] = [];
  for (const [target, all] of windows) {
    const own = figuresOf(target.name);
    const row: Row = {
      target: target.name,
      note: scenario.note?.(target),
      windows: all,
      valid: own.size,
      median: {},
    };
    for (const key of ['rate', 'p50', 'p99', 'cpu', 'busy', 'starved', 'rss'] as const) {
      row.median[key] = median([...own.values()].map((figures) => figures[key]));
    }
    row.timesFloor = paired(own, floor, (mine, base) => divide(mine.cpu, base.cpu));
    if (target.name !== 'direct') {
      if (scenario.saturating)
        row.ofDirect = paired(own, direct, (mine, base) => divide(mine.rate, base.rate));
      row.addedP50 = paired(own, direct, (mine, base) => mine.p50 - base.p50);
      row.addedP99 = paired(own, direct, (mine, base) => mine.p99 - base.p99);
    }
    rows.push(row);
  }
  const { id, title, unit, goal } = scenario;
  return { id, title, unit, goal, rows };
}

export function isValid(window: Window): boolean {
  return Object.keys(window.problems).length === 0;
}

type ByRound = Map<number, Figures>;

/** The machine's speed drifts over minutes: figures of one round are compared with each other, and only then averaged. */
function paired(
  own: ByRound,
  base: ByRound,
  compare: (mine: Figures, base: Figures) => number | undefined,
): number | undefined {
  return median(
    [...own].map(([round, mine]) => {
      const other = base.get(round);
      return other && compare(mine, other);
    }),
  );
}

function divide(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a / b;
}

export function median(values: (number | undefined)[]): number | undefined {
  const sorted = values
    .filter((value) => value !== undefined && Number.isFinite(value))
    .sort((a, b) => a! - b!);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return undefined;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
