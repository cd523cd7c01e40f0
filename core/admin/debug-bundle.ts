import { hostname } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { printConfig } from '../config/print.js';
import { secretsOf } from '../config/secrets-of.js';
import type { ControlAnswer } from '../control.js';
import { isNative } from '../http/uws.js';
import { Redactor } from '../observe/redactor.js';
import type { AdminParts } from './routes.js';

/** Lines of the log in it. */
const LINES = 1000;

/**
 * `GET /api/debug/bundle`: what somebody needs to see who is asked what is wrong: versions, configuration, health, threads, metrics and
 * the last lines of the log, as one JSON document without secrets.
 */
export async function debugBundle(parts: AdminParts): Promise<ControlAnswer> {
  const { live, ledger, config } = parts;
  const redactor = new Redactor();
  redactor.know(secretsOf(config()));
  const facts = await parts.facts();
  // What cannot be had is said in its place: a bundle is wanted most when something is broken.
  const or = async <T>(what: Promise<T>): Promise<T | string> =>
    what.catch((error) => `not to be had: ${error instanceof Error ? error.message : String(error)}`);
  const { threads, budgets, expiring } = facts;
  const bundle = {
    made_at: new Date().toISOString(),
    versions: {
      headgate: parts.version,
      node: process.version,
      v8: process.versions.v8,
      platform: `${process.platform} ${process.arch}`,
      native_http: isNative,
    },
    process: {
      host: hostname(),
      pid: process.pid,
      uptime_seconds: Math.round(process.uptime()),
      memory: process.memoryUsage(),
      heap: getHeapStatistics(),
      resources: process.resourceUsage(),
      active: process.getActiveResourcesInfo().length,
    },
    health: (await parts.health()).body,
    log_level: { level: ledger.logLevels.level, changes: ledger.logLevels.changes },
    configuration: printConfig(live.loaded).split('\n'),
    need_restart: parts.needRestart(),
    threads: await or(ledger.threads()),
    main_thread: threads,
    budgets,
    expiring,
    metrics: await or(ledger.metrics('prometheus', facts).then((text) => text.split('\n'))),
    log: await or(ledger.recentLines(LINES).then((lines) => lines.map(parsed))),
  };
  const name = `headgate-debug-${bundle.made_at.replace(/[:.]/g, '-')}.json`;
  return {
    status: 200,
    headers: [
      'content-type',
      'application/json',
      'cache-control',
      'no-store',
      'content-disposition',
      `attachment; filename="${name}"`,
    ],
    body: JSON.stringify(redactor.value(bundle), null, 1),
  };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}
