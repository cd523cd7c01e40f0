/** The command line of `npm run bench`. */
import { parseArgs } from 'node:util';

export interface Options {
  /** Short windows, printed only: shows that everything works, says nothing about speed. */
  smoke: boolean;
  /** Scenario ids to run (`g` means all that start with it); empty for all. */
  only: string[];
  /** Names of the contenders to run; empty for all. */
  targets: string[];
  rounds: number;
  /** Length of one window. */
  seconds: number;
  /** Requests a second of the open loop. */
  rate: number;
  /** Streams at once in the paced scenarios. */
  streams: number;
  /** Requests of the memory scenario. */
  memoryRequests: number;
  peers: boolean;
}

export const USAGE = `Usage: npm run bench -- [flags]
  --smoke          everything once in short windows, under a minute, prints only
  --only a,d       only these scenarios (a b c d e f g k n o r)
  --targets LIST   only these contenders (direct, floor, headgate; with --peers also portkey, litellm)
  --rounds N       rounds, each with every contender in turn (3)
  --seconds N      length of a window (5)
  --rate N         requests a second of the open loop (5000)
  --streams N      paced streams at once (500)
  --million        memory over a million requests instead of 100,000
  --peers          installs LiteLLM and Portkey into .scratch/ and puts them through the same load`;

/** Throws with a message for the user when the command line is wrong. */
export function readOptions(args: string[]): Options | 'help' {
  const { values } = parseArgs({
    args,
    options: {
      smoke: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      targets: { type: 'string', default: '' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      rate: { type: 'string' },
      streams: { type: 'string' },
      million: { type: 'boolean', default: false },
      peers: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const { smoke } = values;
  return {
    smoke,
    only: list(values.only),
    targets: list(values.targets),
    rounds: count('rounds', values.rounds, smoke ? 1 : 3),
    seconds: count('seconds', values.seconds, smoke ? 1 : 5),
    rate: count('rate', values.rate, smoke ? 1000 : 5000),
    streams: count('streams', values.streams, smoke ? 100 : 500),
    memoryRequests: values.million ? 1_000_000 : smoke ? 10_000 : 100_000,
    peers: values.peers,
  };
}

function list(text: string): string[] {
  return text.split(',').filter((part) => part !== '');
}

function count(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${name} wants a whole number above 0, not "${text}"`);
  return value;
}
