import type { SinkRow } from '@headgate/sdk';
import type { SinkDelivery, SinkSampling } from '../sinks/sink-settings.js';
import { fillSinkSettings } from '../sinks/sink-values.js';
import type { SinkConfig } from './config.js';
import type { Findings } from './findings.js';
import type { Env } from './interpolate.js';
import { nearest } from './nearest.js';
import type { Path } from './path.js';
import { REDACTED, Secret } from './secret.js';
import { deliveryKeys, type ParsedSampling, type ParsedSink, sinkSection } from './sections/sinks.js';

const NANO = 1e9;
/** Names of the collectors of `observability.otlp`, in order: `otlp-1`, `otlp-2`. */
const COLLECTOR = /^otlp-\d+$/;
const OWN = new Set(Object.keys(sinkSection.shape));

/** What sinks are checked by. */
export interface SinkSources {
  /** Null: nobody knows which sinks there are, and settings are left as they are. */
  readonly rows: ReadonlyMap<string, SinkRow> | null;
  readonly env: Env;
  /** `observability.log_bodies` keeps some. */
  readonly bodiesKept: boolean;
}

/** The sinks of the file, checked by what each of them asks for. */
export function resolveSinks(
  parsed: readonly ParsedSink[],
  { rows, env, bodiesKept }: SinkSources,
  findings: Findings,
): SinkConfig[] {
  const taken = new Set<string>();
  return parsed.flatMap((entry, index): SinkConfig[] => {
    const path = ['observability', 'sinks', index];
    const given = Object.fromEntries(Object.entries(entry).filter(([name]) => !OWN.has(name)));
    const name = entry.name ?? entry.use;
    if (COLLECTOR.test(name)) {
      findings.error([...path, 'name'], { what: 'collectors of observability.otlp are called like that' });
      return [];
    }
    if (taken.has(name)) {
      findings.error([...path, entry.name === undefined ? 'use' : 'name'], {
        what: `there is another sink with the name "${name}"`,
        hint: 'give one of them a name of its own',
      });
      return [];
    }
    taken.add(name);
    const row = rows?.get(entry.use);
    if (rows !== null && row === undefined) {
      const suggestion = nearest(entry.use, [...rows.keys()]);
      findings.error([...path, 'use'], {
        what: 'there is no such sink',
        ...(suggestion !== undefined && { suggestion }),
      });
      return [];
    }
    const values = row === undefined ? given : checked(row, given, path, env, findings);
    if (!entry.enabled) return [];
    if (entry.content && !bodiesKept)
      findings.error([...path, 'content'], {
        what: 'there are no prompts and answers to tell, since none are kept',
        hint: 'say in observability.log_bodies whose are, what is taken out of them, and for how long',
      });
    return [
      {
        name,
        use: entry.use,
        values: new Secret(values, row === undefined ? REDACTED : shownValues(row, values)),
        timeoutMs: entry.timeout,
        content: entry.content,
        ...deliveryOf(entry),
      },
    ];
  });
}

/** What may be seen of settings: of URLs where they lead, of secrets and of texts by name, which are headers, nothing. */
function shownValues(row: SinkRow, values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const type = row.settings[name]?.type;
      if (type === 'secret') return [name, REDACTED];
      if (type === 'texts') return [name, textsHidden(value)];
      return [name, type === 'url' ? new URL(String(value)).origin : value];
    }),
  );
}

function textsHidden(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.keys(value as object).map((name) => [name, REDACTED]));
}

/** How records go to somebody. */
export function deliveryOf({
  batch,
  spool,
  sample,
}: Pick<ParsedSink, 'batch' | 'spool' | 'sample'>): SinkDelivery {
  return {
    batchRecords: batch.records ?? null,
    batchWaitMs: batch.wait ?? null,
    spoolBytes: spool,
    sampling: samplingOf(sample),
  };
}

function samplingOf(parsed: ParsedSampling): SinkSampling {
  return {
    share: parsed.share,
    rules: parsed.rules.map(({ keys, models, teams, metadata, share }) => ({
      share,
      ...(keys !== undefined && { keys }),
      ...(models !== undefined && { models }),
      ...(teams !== undefined && { teams }),
      ...(metadata !== undefined && { metadata }),
    })),
    followParent: parsed.follow_parent,
    keepErrors: parsed.keep_errors,
    keepSlowerMs: parsed.keep_slower ?? null,
    keepCostlierNano: parsed.keep_costlier === undefined ? null : Math.round(parsed.keep_costlier * NANO),
  };
}

function checked(
  row: SinkRow,
  given: Readonly<Record<string, unknown>>,
  path: Path,
  env: Env,
  findings: Findings,
): Record<string, unknown> {
  const names = Object.keys(row.settings);
  for (const key of Object.keys(given)) {
    if (names.includes(key)) continue;
    const known = [...names, ...Object.keys(deliveryKeys), 'name', 'timeout', 'enabled'];
    const suggestion = nearest(key, known);
    const expected = names.length === 0 ? {} : { expected: `one of ${names.join(', ')}` };
    findings.error([...path, key], {
      what: `unknown key of the sink ${row.id}`,
      ...(suggestion === undefined ? expected : { suggestion }),
      at: 'key',
    });
  }
  const { values, problems } = fillSinkSettings(row, given, env);
  for (const { name, ...parts } of problems) {
    // What is missing has no place of its own.
    const at = name in given ? [...path, name] : path;
    findings.error(at, name in given ? parts : { ...parts, what: `${name}: ${parts.what ?? ''}` });
  }
  return values;
}
