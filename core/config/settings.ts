import type { z } from 'zod';
import type { LogLevel } from '../observe/line-level.js';
import type { LogFormat } from '../observe/log-line.js';
import { alternatives } from './explain.js';
import type { Findings } from './findings.js';
import type { Env } from './interpolate.js';
import { nearest } from './nearest.js';
import { ONCE } from './once.js';
import { quote } from './path.js';
import { adminSection, authSection } from './sections/access.js';
import { redisUrl } from './sections/cluster.js';
import { observabilitySection } from './sections/observability.js';
import { serverSection } from './sections/server.js';
import { wanted } from './wants.js';

/** Command line flags, as typed or already converted. */
export interface Overrides {
  host?: string | undefined;
  port?: string | number | undefined;
  threads?: string | number | undefined;
  dataDir?: string | undefined;
  logLevel?: string | undefined;
  logFormat?: string | undefined;
}

/** What flags and variables say; undefined where they say nothing. */
export interface Settings {
  host?: string | undefined;
  port?: number | undefined;
  threads?: 'auto' | number | undefined;
  adminToken?: string | undefined;
  adminRequired?: boolean | undefined;
  secret?: string | undefined;
  encryptionKey?: string | undefined;
  authRequired?: boolean | undefined;
  redisUrl?: string | undefined;
  dataDir?: string | undefined;
  logLevel?: LogLevel | undefined;
  logFormat?: LogFormat | undefined;
}

interface Source {
  /** `--port` or `HEADGATE_PORT`. */
  name: string;
  value: string | number;
  secret?: boolean;
}

/** The first of flag and variable that is there; an empty variable counts as not set. */
function pick(
  flag: string | number | undefined,
  flagName: string | null,
  env: Env,
  variable: string,
): Source | null {
  if (flag !== undefined && flagName !== null) return { name: flagName, value: flag };
  const value = env[variable];
  return value === undefined || value === '' ? null : { name: variable, value };
}

function read<T>(source: Source | null, schema: z.ZodType<T>, findings: Findings): T | undefined {
  if (source === null) return undefined;
  const text = String(source.value);
  let value: unknown = text;
  if (/^-?\d+(\.\d+)?$/.test(text)) value = Number(text);
  else if (text === 'true' || text === 'false') value = text === 'true';
  let result = schema.safeParse(value, ONCE);
  // A token or a folder of digits is still text.
  if (!result.success && value !== text) {
    const asText = schema.safeParse(text, ONCE);
    if (asText.success) result = asText;
  }
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const words = issue?.code === 'invalid_value' ? issue.values.map(String) : [];
  const suggestion = nearest(text, words);
  findings.setting(source.name, {
    expected: (issue && wanted(issue.message)) ?? (words.length > 0 ? alternatives(words) : 'another value'),
    found: source.secret === true ? 'something else' : quote(text),
    ...(suggestion !== undefined && { suggestion }),
  });
  return undefined;
}

/** Reads `HEADGATE_*` and the flags, which go before them. Both go before the file. */
export function readSettings(env: Env, flags: Overrides, findings: Findings): Settings {
  const server = serverSection.shape;
  const secret = pick(undefined, null, env, 'HEADGATE_SECRET');
  const encryption = pick(undefined, null, env, 'HEADGATE_ENCRYPTION_KEY');
  const redis = pick(undefined, null, env, 'HEADGATE_REDIS_URL');
  const token = pick(undefined, null, env, 'HEADGATE_ADMIN_TOKEN');
  return {
    host: read(pick(flags.host, '--host', env, 'HEADGATE_HOST'), server.host, findings),
    port: read(pick(flags.port, '--port', env, 'HEADGATE_PORT'), server.port, findings),
    threads: read(pick(flags.threads, '--threads', env, 'HEADGATE_THREADS'), server.threads, findings),
    adminToken: read(token && { ...token, secret: true }, adminSection.shape.token, findings),
    adminRequired: read(
      pick(undefined, null, env, 'HEADGATE_ADMIN_REQUIRED'),
      adminSection.shape.required,
      findings,
    ),
    secret: read(secret && { ...secret, secret: true }, adminSection.shape.secret, findings),
    encryptionKey: read(
      encryption && { ...encryption, secret: true },
      adminSection.shape.encryption_key,
      findings,
    ),
    authRequired: read(
      pick(undefined, null, env, 'HEADGATE_AUTH_REQUIRED'),
      authSection.shape.required,
      findings,
    ),
    redisUrl: read(redis && { ...redis, secret: true }, redisUrl, findings),
    dataDir: pick(flags.dataDir, '--data', env, 'HEADGATE_DATA')?.value.toString(),
    logLevel: read(
      pick(flags.logLevel, '--log-level', env, 'HEADGATE_LOG_LEVEL'),
      observabilitySection.shape.log_level,
      findings,
    ),
    logFormat: read(
      pick(flags.logFormat, '--log-format', env, 'HEADGATE_LOG_FORMAT'),
      observabilitySection.shape.log_format,
      findings,
    ),
  };
}
