import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Secret } from '../../core/config/secret.js';
import { secretsOf } from '../../core/config/secrets-of.js';
import { LogWriter } from '../../core/observe/log-writer.js';
import { Redactor } from '../../core/observe/redactor.js';
import { settled } from '../store/records.js';
import { tempDir } from '../store/temp-dir.js';
import { foundIn, plantedSecrets } from './planted-secrets.js';

it.each(['json', 'pretty'] as const)(
  'none of fifty secrets reaches the log, wherever a line has it (%s)',
  async (format) => {
    const { shaped, known } = plantedSecrets();
    const all = [...shaped, ...known];
    expect(all).toHaveLength(50);
    const file = join(tempDir(), 'log');
    const log = new LogWriter({ level: 'trace', requests: true, file, format, secrets: known });
    for (const secret of all) {
      log.line('error', `the provider said: bad key ${secret}`, {
        secret,
        error: `Authorization: Bearer ${secret}`,
      });
      log.line('warn', 'fields', {
        headers: { authorization: secret, 'x-api-key': secret },
        list: [secret, { deep: `?key=${secret}` }],
      });
      log.line('info', 'names', {
        [`field ${secret}`]: 1,
        url: `https://user:${secret}@example.com/v1?token=${secret}`,
      });
      log.line('info', 'an error', { error: new Error(`refused ${secret}`) });
      log.line('debug', 'JSON in a text', { body: JSON.stringify({ api_key: secret, messages: [secret] }) });
      log.requests([
        settled({ model: secret, customer: secret, keyName: secret, provider: secret, targetModel: secret }),
      ]);
    }
    const lines = log.recentLines(10_000).join('\n');
    await log.close();
    const written = readFileSync(file, 'utf8');
    expect(written.split('\n').length).toBe(50 * 6 + 1);
    expect(foundIn(written, all)).toEqual([]);
    expect(foundIn(lines, all)).toEqual([]);
    // What is no secret is still there.
    expect(written).toContain('the provider said: bad key ***');
  },
);

it('a secret that is known is found in JSON and in addresses too, and one within another leaves nothing of it', () => {
  const redactor = new Redactor();
  redactor.know(['with "quotes" and spaces', 'inner-part-of', 'inner-part-of-a-longer-one', 'short']);
  expect(redactor.text(JSON.stringify({ a: 'with "quotes" and spaces' }))).toBe('{"a":"***"}');
  expect(redactor.text(`?a=${encodeURIComponent('with "quotes" and spaces')}`)).toBe('?a=***');
  expect(redactor.text('inner-part-of-a-longer-one')).toBe('***');
  // Too short to tell from a word.
  expect(redactor.text('a short text')).toBe('a short text');
});

it('whatever is logged stays plain data of the same shape', () => {
  const redactor = new Redactor();
  redactor.know(['a.known+secret(value)']);
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const shown = redactor.value(value);
      const written = JSON.stringify(shown);
      expect(JSON.stringify(JSON.parse(written))).toBe(written);
      expect(Array.isArray(shown)).toBe(Array.isArray(value));
    }),
  );
});

it('the secrets of a configuration are found wherever they stand, and what may be seen of them is none', () => {
  const config = {
    providers: new Map([
      [
        'openai',
        {
          keys: [{ value: new Secret('key-of-openai') }],
          headers: new Map([['x', new Secret('header-value')]]),
        },
      ],
    ]),
    store: { url: new Secret('postgres://hg:pass%20word@db/x', 'postgres://hg@db/x') },
    url: new Secret('https://c.example.com/v1?key=in-the-address', 'https://c.example.com'),
    plugin: new Secret({ action: 'redact', token: 'of-a-plugin' }, { action: 'redact', token: '***' }),
    plain: 'nothing',
  };
  expect(secretsOf(config).toSorted()).toEqual(
    ['header-value', 'in-the-address', 'key-of-openai', 'of-a-plugin', 'pass word', 'pass%20word'].toSorted(),
  );
});
