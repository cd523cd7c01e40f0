import { describe, expect, it } from 'vitest';
import { printConfig } from '../../core/config/print.js';
import type { ProviderHint } from '../../core/config/provider-hint.js';
import { loadText, ROWS, refusalLines } from './load-text.js';

const cloud: ProviderHint = {
  id: 'cloud',
  keyEnv: ['CLOUD_KEY'],
  baseUrl: 'https://{host}/v1',
  formats: { 'openai-chat': '/projects/{project}/locations/{region}/{model}:{whole|streamed}' },
  variables: {
    project: { description: 'the project', env: ['CLOUD_PROJECT', 'PROJECT'] },
    region: { description: 'the region', env: ['CLOUD_REGION'], default: 'us-east1' },
    host: {
      description: 'the host',
      env: ['CLOUD_HOST'],
      default: '{region}-api.cloud.example',
      cases: { of: 'region', is: { global: 'api.cloud.example' } },
    },
    unused: { description: 'something that nothing needs' },
  },
};
const rows = [...ROWS, cloud];
const load = (text: string, env: Record<string, string> = {}) =>
  loadText(text, { rows, env }).config.providers;
const textsOf = (provider: ReturnType<ReturnType<typeof load>['get']>) =>
  Object.fromEntries(
    [...(provider?.variables ?? [])].map(([name, { value, source }]) => [name, `${value} ${source}`]),
  );

describe('variables of a provider', () => {
  it('come from the file, then the environment, then the default, and only those that are needed', () => {
    const cloud = load('providers: { cloud: { variables: { project: p1 } } }', {
      PROJECT: 'ignored',
      CLOUD_REGION: 'eu-west1',
      CLOUD_KEY: 'k',
    }).get('cloud');
    expect(textsOf(cloud)).toEqual({
      project: 'p1 file',
      region: 'eu-west1 env CLOUD_REGION',
      host: 'eu-west1-api.cloud.example default',
    });
    expect(cloud?.baseUrl).toBe('https://eu-west1-api.cloud.example/v1');
  });

  it('may depend on another one', () => {
    const cloud = load('providers: { cloud: { variables: { project: p, region: global } } }').get('cloud');
    expect(cloud?.baseUrl).toBe('https://api.cloud.example/v1');
  });

  it('take a host as other tools write it', () => {
    const cloud = load('providers: { cloud: { variables: { project: p } } }', {
      CLOUD_HOST: 'https://mine.example/ ',
    }).get('cloud');
    expect(cloud?.baseUrl).toBe('https://mine.example/v1');
  });

  it('are not needed where a base URL of one’s own leaves no hole for them', () => {
    const text =
      'providers: { cloud: { base_url: "http://127.0.0.1:9/v1", formats: { openai-chat: /chat } } }';
    expect(textsOf(load(text).get('cloud'))).toEqual({});
  });

  it('are taken over by what extends the provider, which may have its own', () => {
    const text = [
      'providers:',
      '  cloud: { variables: { project: p1, region: eu-west1 } }',
      '  other: { extends: cloud, variables: { region: asia-east1 } }',
    ].join('\n');
    expect(textsOf(load(text).get('other'))).toMatchObject({ project: 'p1 file', region: 'asia-east1 file' });
  });

  it('that are missing are an error that says what to set', () => {
    expect(refusalLines('providers:\n  cloud: { keys: [{ value: k }] }', { rows })).toEqual([
      'headgate.yaml:2:3  providers.cloud: needs "project", the project (add variables: { project: … }, or set CLOUD_PROJECT or PROJECT)',
    ]);
    expect(refusalLines('models: { m: { targets: [cloud/x] } }', { rows, env: { CLOUD_KEY: 'k' } })).toEqual([
      expect.stringContaining('models.m.targets[0]: provider cloud needs "project"'),
    ]);
  });

  it('keep a provider of the environment alone out, rather than the gateway from starting', () => {
    expect(load('{}', { CLOUD_KEY: 'k' }).has('cloud')).toBe(false);
    expect(load('{}', { CLOUD_KEY: 'k', PROJECT: 'p' }).has('cloud')).toBe(true);
  });

  it.each([
    ['projct: p', 'providers.cloud.variables.projct: unknown variable, did you mean "project"?'],
    ['project: a/../b', 'providers.cloud.variables.project: project: not a possible value'],
    ['project: "a?b"', 'providers.cloud.variables.project: project: not a possible value'],
    ['project: p, host: a@evil.example', 'providers.cloud.variables.host: expected a part of a host name'],
    ['project: ""', 'providers.cloud.variables.project: expected a text, such as a region'],
    ['project: 7', 'providers.cloud.variables.project: expected a text, such as a region'],
  ])('refuses %s', (given, message) => {
    const lines = refusalLines(`providers: { cloud: { variables: { ${given} } } }`, { rows });
    expect(lines.join('\n')).toContain(message);
  });

  it('refuses what a variable of the environment holds without printing it', () => {
    const lines = refusalLines('providers: { cloud: {} }', { rows, env: { PROJECT: 'not/possible' } });
    expect(lines.join('\n')).toContain('found the value of PROJECT');
    expect(lines.join('\n')).not.toContain('not/possible');
  });

  it('of a provider without any are refused', () => {
    const lines = refusalLines('providers: { openai: { variables: { region: x } } }', { rows });
    expect(lines.join('\n')).toContain('unknown variable (openai has none)');
  });

  it('are printed by check with where they come from', () => {
    const loaded = loadText('providers: { cloud: { variables: { project: p1 } } }', { rows });
    expect(printConfig(loaded)).toContain(
      'variables region us-east1 (default), host us-east1-api.cloud.example (default), project p1 (file)',
    );
  });
});
