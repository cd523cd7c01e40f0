/** A contender of the benchmark: something that answers OpenAI chat requests, and how to talk to it. */
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { GATEWAY_CORE, startScript } from './children.js';
import { BURST_MODELS, PACED_MODELS, UPSTREAM_KEY } from './shapes.js';

/** `same`: the upstream speaks OpenAI too. `translated`: it speaks Anthropic. */
export type Route = 'same' | 'translated';

export interface Target {
  name: string;
  port: number;
  /** Absent for direct: there is no process between the client and the upstream. */
  child?: ChildProcess;
  /** Request headers that it needs besides the content type. */
  headers(route: Route): Record<string, string>;
  /** Its name for an upstream model. */
  model(upstreamModel: string): string;
  /** Highest open-loop rate and most paced streams it can keep up with on one core; absent: no limit here. */
  maxRate?: number;
  maxStreams?: number;
}

/** The upstream's model for a route; a burst stream is asked for by the model's name. */
export function upstreamModel(route: Route, burst: boolean): string {
  return (burst ? BURST_MODELS : PACED_MODELS)[route];
}

const bearer = () => ({ authorization: `Bearer ${UPSTREAM_KEY}` });

/** The client talks to the upstream itself. What costs nothing to translate is not translated: it always asks for OpenAI's shape. */
export function direct(upstreamPort: number): Target {
  return { name: 'direct', port: upstreamPort, headers: bearer, model: (name) => name };
}

export async function startFloor(upstreamPort: number): Promise<Target> {
  const script = join(import.meta.dirname, 'floor.js');
  const [child, port] = await startScript(script, ['0', `http://127.0.0.1:${upstreamPort}`], GATEWAY_CORE);
  return { name: 'floor', port, child, headers: bearer, model: (name) => name };
}
