import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../core/config/load.js';
import { printConfig } from '../../core/config/print.js';
import { ConfigError, formatProblems } from '../../core/config/problem.js';
import { sinkRows } from '../../plugins/sinks/index.js';

function load(observability: unknown, env: Record<string, string> = {}) {
  return loadConfig({ data: { observability }, env, rows: [], builtIn: [], sinks: sinkRows });
}

function refusal(observability: unknown, env: Record<string, string> = {}): string {
  try {
    load(observability, env);
  } catch (error) {
    if (error instanceof ConfigError) return formatProblems(error.problems, null);
    throw error;
  }
  throw new Error('it was not refused');
}

const url = 'http://127.0.0.1:4318';

describe('sinks of the configuration', () => {
  it.each([
    [
      'an unknown sink',
      [{ use: 'otpl', url }],
      'observability.sinks[0].use: there is no such sink, did you mean "otlp"?',
    ],
    [
      'an unknown key',
      [{ use: 'otlp', url, headrs: {} }],
      'observability.sinks[0].headrs: unknown key of the sink otlp, did you mean "headers"?',
    ],
    ['what is missing', [{ use: 'otlp' }], /^observability\.sinks\[0\]: url: missing: its address for OTLP/],
    [
      'a URL of another kind',
      [{ use: 'otlp', url: 'ftp://a' }],
      /observability\.sinks\[0\]\.url: expected an http/,
    ],
    [
      'a word that it does not know',
      [{ use: 'otlp', url, encoding: 'xml' }],
      /encoding: expected one of protobuf, json/,
    ],
    [
      'headers that are none',
      [{ use: 'otlp', url, headers: { a: 1 } }],
      /headers: expected a mapping of texts/,
    ],
    [
      'two of one name',
      [
        { use: 'otlp', url },
        { use: 'otlp', url },
      ],
      /there is another sink with the name "otlp"/,
    ],
    ['the name of a collector', [{ use: 'otlp', name: 'otlp-1', url }], /collectors of observability\.otlp/],
    [
      'a share above 1',
      [{ use: 'otlp', url, sample: { share: 2 } }],
      /sinks\[0\]\.sample\.share: expected a share from 0 to 1/,
    ],
    ['a sink that is no mapping', ['otlp'], /observability\.sinks\[0\]: expected/],
    ['no list', { use: 'otlp' }, /observability\.sinks: expected a list of sinks/],
  ])('are refused for %s', (_, sinks, message) => {
    const told = refusal({ sinks });
    if (typeof message === 'string') expect(told).toBe(message);
    else expect(told).toMatch(message);
  });

  it('may leave to the environment what is named there, and are shown without secrets', () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: url, KEY: 'planted-secret-0123' };
    const loaded = load({ sinks: [{ use: 'otlp', headers: { 'api-key': 'planted-secret-0123' } }] }, env);
    expect(loaded.config.observability.sinks[0]?.values.reveal()).toMatchObject({
      url,
      encoding: 'protobuf',
    });
    expect(printConfig(loaded)).toContain('otlp');
    expect(printConfig(loaded) + JSON.stringify(loaded.config.observability)).not.toContain('planted-secret');
  });

  it('that are switched off are checked and told nothing', () => {
    expect(load({ sinks: [{ use: 'otlp', url, enabled: false }] }).config.observability.sinks).toEqual([]);
    expect(refusal({ sinks: [{ use: 'otlp', enabled: false }] })).toMatch(/missing/);
  });
});
