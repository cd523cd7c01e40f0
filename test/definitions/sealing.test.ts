import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Sealer } from '../../core/admin/definitions/sealer.js';
import { hintOf, secretPlaces, splitSecrets } from '../../core/admin/definitions/secret-places.js';
import { parseEncryptionKeys } from '../../core/config/encryption-key.js';
import { Secret } from '../../core/config/secret.js';

const [one, two] = [randomBytes(32).toString('base64'), randomBytes(32).toString('hex')];
const sealer = (text: string | null) => new Sealer(text === null ? null : new Secret(text));

describe('what is sealed', () => {
  it('opens at its place alone, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), fc.string(), (secret, place, other) => {
        const sealed = sealer(one).seal(secret, place);
        expect(sealer(one).open(sealed, place)).toBe(secret);
        if (other !== place)
          expect(() => sealer(one).open(sealed, other)).toThrow('was sealed for another place');
      }),
    );
  });

  it('is never the same twice, and every changed byte is noticed', () => {
    const [first, second] = [sealer(one).seal('secret', 'p'), sealer(one).seal('secret', 'p')];
    expect(first).not.toBe(second);
    const [version, id, text = ''] = first.split(':');
    const bytes = Buffer.from(text, 'base64url');
    for (let i = 0; i < bytes.length; i++) {
      const wrong = Buffer.from(bytes);
      wrong[i]! ^= 1;
      expect(() => sealer(one).open(`${version}:${id}:${wrong.toString('base64url')}`, 'p')).toThrow(
        'damaged',
      );
    }
    for (const cut of [0, 1, 12, 27]) {
      const short = `${version}:${id}:${bytes.subarray(0, cut).toString('base64url')}`;
      expect(() => sealer(one).open(short, 'p')).toThrow(/damaged|another version/);
    }
    expect(() => sealer(one).open('nonsense', 'p')).toThrow('another version');
  });

  it('is sealed under the first key and opened with any', () => {
    const old = sealer(one).seal('secret', 'p');
    const both = sealer(`${two}, ${one}`);
    expect(both.open(old, 'p')).toBe('secret');
    expect(both.isCurrent(old)).toBe(false);
    const fresh = both.seal('secret', 'p');
    expect(both.isCurrent(fresh)).toBe(true);
    expect(sealer(two).open(fresh, 'p')).toBe('secret');
    expect(() => sealer(one).open(fresh, 'p')).toThrow('which HEADGATE_ENCRYPTION_KEY does not have');
    expect(() => sealer(null).open(fresh, 'p')).toThrow('HEADGATE_ENCRYPTION_KEY is not set');
    expect(() => sealer(null).seal('secret', 'p')).toThrow('set HEADGATE_ENCRYPTION_KEY');
  });
});

it('keys are 32 bytes, as base64, base64url or hexadecimal', () => {
  const bytes = randomBytes(32);
  for (const form of ['base64', 'base64url', 'hex'] as const)
    expect(parseEncryptionKeys(bytes.toString(form))).toEqual([bytes]);
  for (const text of [
    '',
    'short',
    'x'.repeat(64),
    `${one},`,
    randomBytes(31).toString('base64'),
    randomBytes(33).toString('hex'),
  ])
    expect([text, parseEncryptionKeys(text)]).toEqual([text, null]);
});

describe('secrets of what a client says', () => {
  it('are taken out, wherever they are, and nothing else is', () => {
    const secret = fc
      .string({ minLength: 1, maxLength: 60 })
      // A variable's name is no secret.
      .filter((text) => text !== 'none' && !/^\*\*\*$|…|\$\{/.test(text));
    fc.assert(
      fc.property(
        fc.array(secret),
        fc.dictionary(fc.stringMatching(/^[a-z-]{1,12}$/), secret),
        (keys, headers) => {
          const given = { base_url: 'https://x', keys: keys.map((value) => ({ value, weight: 2 })), headers };
          const { spec, secrets } = splitSecrets('provider', given, null);
          const text = JSON.stringify(spec);
          for (const one of [...keys, ...Object.values(headers)])
            if (one.length >= 12) expect(text).not.toContain(JSON.stringify(one).slice(1, -1));
          expect(secrets.size).toBe(keys.length + Object.keys(headers).length);
          // Sent back as it was shown, all is as it was.
          expect(splitSecrets('provider', spec, () => ({ spec, secrets })).secrets).toEqual(secrets);
        },
      ),
    );
  });

  it('are hinted at when they are long, and no key at all is no secret', () => {
    expect(hintOf('sk-proj-0123456789abcdefWXYZ')).toBe('sk-…WXYZ');
    expect(hintOf('short-secret')).toBe('***');
    expect(hintOf('{"type":"service_account","private_key":"…"}')).toBe('***');
    expect(hintOf('line one of a long secret\nline two of it')).toBe('***');
    expect(
      secretPlaces('provider', {
        keys: [{ value: 'none' }, { value: `\${NAME}` }],
        headers: { a: `Bearer \${X}` },
      }),
    ).toEqual([]);
    expect(secretPlaces('provider', { keys: 'nonsense', headers: ['a'] })).toEqual([]);
    expect(
      secretPlaces('plugin', {
        config: { max_tokens: 5, token: 'a', list: [{ apiKey: 'b', name: 'c' }], author: 'd' },
      }),
    ).toEqual([
      ['config', 'token'],
      ['config', 'list', 0, 'apiKey'],
    ]);
  });
});
