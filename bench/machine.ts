/** What the figures were measured on. */
import { cpus, release, totalmem } from 'node:os';
import { pinningProblem } from './children.js';
import { hasWrk, WRK_MISSING } from './wrk.js';

export interface Machine {
  cpu: string;
  cores: number;
  memoryGb: number;
  node: string;
  linux: string;
  date: string;
  /** What makes these figures less comparable with those of another run. */
  caveats: string[];
}

export function describeMachine(): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    linux: release(),
    date: new Date().toISOString(),
    caveats: [pinningProblem(), hasWrk ? undefined : WRK_MISSING].filter((caveat) => caveat !== undefined),
  };
}

export function machineLine(machine: Machine): string {
  const { cpu, cores, memoryGb, node, linux, date } = machine;
  const line = `${cpu}, ${cores} cores, ${memoryGb} GB, Linux ${linux}, Node ${node}, ${date}`;
  return [line, ...machine.caveats.map((caveat) => `note: ${caveat}`)].join('\n');
}
