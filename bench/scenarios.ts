/** What is measured: each scenario is one kind of load, put on every contender in turn. */

import type { LoadDriver } from './driver.js';
import type { Options } from './options.js';
import { BURST_EVENTS, chatRequest, PACED_EVENTS } from './shapes.js';
import type { LoadResult } from './tally.js';
import { type Route, type Target, upstreamModel } from './target.js';

export interface Scenario {
  id: string;
  title: string;
  /** What CPU time and rate are counted by. */
  unit: 'request' | 'event';
  /** Units in one request. */
  unitsPerRequest: number;
  /** Whether the load is as fast as it can go, so that rates may be compared. */
  saturating: boolean;
  /** Most CPU per unit that Headgate may use, as a multiple of the floor's. */
  goal?: number;
  /** What is different for a contender that could not follow the whole load. */
  note?(target: Target): string | undefined;
  /** Whether a contender takes part. */
  admits(target: Target): boolean;
  load(target: Target, driver: LoadDriver, seconds: number): Promise<LoadResult>;
}

/** Closing lines of a stream after its content: finish reason, usage, `[DONE]`. */
const CLOSING_EVENTS = 3;
const CONNECTIONS = 64;
const anyone = () => true;
/** An upstream that is talked to directly has nothing to translate. */
const gateways = (target: Target) => target.child !== undefined;

interface Ask {
  headers: Record<string, string>;
  body: Buffer;
}

function ask(target: Target, route: Route, stream: 'no' | 'paced' | 'burst'): Ask {
  // The floor and direct always take the OpenAI route: they are what a translation is compared with.
  const speaks = target.name === 'direct' || target.name === 'floor' ? 'same' : route;
  const model = target.model(upstreamModel(speaks, stream === 'burst'));
  const headers = { 'content-type': 'application/json', ...target.headers(speaks) };
  return { headers, body: chatRequest(model, stream !== 'no') };
}

function whole(id: string, title: string, connections: number, route: Route, goal?: number): Scenario {
  return {
    id,
    title,
    unit: 'request',
    unitsPerRequest: 1,
    saturating: true,
    goal,
    admits: route === 'same' ? anyone : gateways,
    load: (target, driver, seconds) =>
      driver.fast({ ...ask(target, route, 'no'), target, connections, seconds }),
  };
}

function fixedRate(id: string, rate: number): Scenario {
  return {
    id,
    title: `non-streamed at ${rate} requests a second, open loop, time counted from when each was due`,
    unit: 'request',
    unitsPerRequest: 1,
    saturating: false,
    admits: (target) => rate <= (target.maxRate ?? rate),
    load: (target, driver, seconds) =>
      driver.constant({ ...ask(target, 'same', 'no'), target, connections: CONNECTIONS * 2, rate, seconds }),
  };
}

function paced(id: string, title: string, streams: number, route: Route, goal?: number): Scenario {
  const atMost = (target: Target) => Math.min(streams, target.maxStreams ?? streams);
  return {
    id,
    title,
    unit: 'event',
    unitsPerRequest: PACED_EVENTS,
    saturating: false,
    goal,
    admits: route === 'same' ? anyone : gateways,
    note: (target) => (atMost(target) < streams ? `only ${atMost(target)} streams at once` : undefined),
    load: (target, driver, seconds) =>
      driver.closed({
        ...ask(target, route, 'paced'),
        target,
        connections: atMost(target),
        seconds,
        spread: 1000,
        events: PACED_EVENTS + CLOSING_EVENTS,
      }),
  };
}

function burst(id: string, title: string, route: Route, goal?: number): Scenario {
  return {
    id,
    title,
    unit: 'event',
    unitsPerRequest: BURST_EVENTS,
    saturating: true,
    goal,
    admits: route === 'same' ? anyone : gateways,
    load: (target, driver, seconds) =>
      driver.closed({
        ...ask(target, route, 'burst'),
        target,
        connections: CONNECTIONS,
        seconds,
        spread: 0,
        events: BURST_EVENTS + CLOSING_EVENTS,
      }),
  };
}

/** The memory scenario, `f`, is no comparison of windows: see `memory.ts`. */
export function scenarios(options: Options): Scenario[] {
  const { streams, rate } = options;
  const one = '1 KB request, 1 KB answer';
  // Slower contenders get open loops that they can follow, and the fast ones run those too.
  const rates = options.peers ? [30, 200, rate] : [rate];
  // Code that is still cold has no business with a goal.
  const goal = (times: number) => (options.smoke ? undefined : times);
  return [
    whole('a', `non-streamed, ${one}, ${CONNECTIONS} connections`, CONNECTIONS, 'same', goal(1.8)),
    whole('b', `non-streamed, ${one}, 1 connection`, 1, 'same'),
    ...rates.map((each, index) => fixedRate(`c${index + 1}`, each)),
    paced('d', `${streams} streams of ${PACED_EVENTS} events 20 ms apart`, streams, 'same', goal(1.3)),
    burst(
      'e',
      `streams of ${BURST_EVENTS} events that arrive together, ${CONNECTIONS} at once`,
      'same',
      goal(2.5),
    ),
    whole(
      'g1',
      `OpenAI request to an Anthropic upstream, non-streamed, ${CONNECTIONS} connections`,
      CONNECTIONS,
      'translated',
    ),
    paced(
      'g2',
      `OpenAI request to an Anthropic upstream, ${streams} streams, events 20 ms apart`,
      streams,
      'translated',
    ),
    burst(
      'g3',
      `OpenAI request to an Anthropic upstream, bursts of ${BURST_EVENTS}, ${CONNECTIONS} at once`,
      'translated',
    ),
  ];
}
