import { parseArgs } from 'node:util';
import { nearest } from '../core/config/nearest.js';

/** Flags that every command takes. */
export interface Flags {
  config?: string;
  host?: string;
  port?: string;
  threads?: string;
  data?: string;
  'log-level'?: string;
  'log-format'?: string;
  schema?: boolean;
  json?: boolean;
  model?: string;
  name?: string;
  models?: string;
  team?: string;
  project?: string;
  organization?: string;
  user?: string;
  budget?: string;
  rpm?: string;
  tpm?: string;
  expires?: string;
  grace?: string;
  to?: string;
  new?: boolean;
  of?: string;
  'dry-run'?: boolean;
  prune?: boolean;
  help?: boolean;
  version?: boolean;
}

/** A command line that makes no sense, with words for people. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const options = {
  config: { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string' },
  threads: { type: 'string' },
  data: { type: 'string' },
  'log-level': { type: 'string' },
  'log-format': { type: 'string' },
  schema: { type: 'boolean' },
  json: { type: 'boolean' },
  model: { type: 'string' },
  name: { type: 'string' },
  models: { type: 'string' },
  team: { type: 'string' },
  project: { type: 'string' },
  organization: { type: 'string' },
  user: { type: 'string' },
  budget: { type: 'string' },
  rpm: { type: 'string' },
  tpm: { type: 'string' },
  expires: { type: 'string' },
  grace: { type: 'string' },
  to: { type: 'string' },
  new: { type: 'boolean' },
  of: { type: 'string' },
  'dry-run': { type: 'boolean' },
  prune: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;

export function readFlags(argv: readonly string[]): { flags: Flags; words: string[] } {
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true });
    return { flags: values, words: positionals };
  } catch (error) {
    const unknown = /Unknown option '--?([^']+)'/.exec(error instanceof Error ? error.message : '');
    if (unknown?.[1] === undefined)
      throw new UsageError(error instanceof Error ? error.message : String(error));
    const near = nearest(unknown[1], Object.keys(options));
    throw new UsageError(
      `there is no flag --${unknown[1]}${near === undefined ? '' : `; did you mean --${near}?`}`,
    );
  }
}
