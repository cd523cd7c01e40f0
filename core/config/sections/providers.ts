import { z } from 'zod';
import { weight } from '../integer.js';
import { wants } from '../wants.js';
import { timeoutsSection } from './timeouts.js';

const urlForm = wants('an http:// or https:// URL without credentials, query or fragment');
const headerForm = wants('a header value: text without line breaks');
const nameForm = wants('a header name');
const valueForm = wants('the key: a text that is not empty');
const valueOfVariable = wants('a text, such as a region');
const idForm = wants('a provider id: small letters, digits, ".", "_" and "-"');

function isBaseUrl(text: string): boolean {
  if (!/^https?:\/\//i.test(text) || /[?#\s]/.test(text) || !URL.canParse(text)) return false;
  const url = new URL(text);
  return url.username === '' && url.password === '';
}

const providerKey = z.strictObject({
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of the file, not of TypeScript
  value: z.string(valueForm).min(1, valueForm).describe('The key itself, best as `${NAME}`.'),
  weight: weight()
    .default(1)
    .describe('Share of the traffic among the keys of this provider; 0 takes it out.'),
  name: z
    .string(wants('a name'))
    .min(1, wants('a name'))
    .optional()
    .describe('Shown in logs and by `headgate check`.'),
  models: z
    .array(
      z.string(wants("a model name of the provider, '*' stands for any text")).min(1),
      wants('a list of model names'),
    )
    .optional()
    .describe('Models this key may be used for, with `*` as wildcard. Left out: all.'),
});

/** One provider; the file, the admin API and its OpenAPI document have the same one. */
export const providerSchema = z.strictObject({
  extends: z
    .string(wants('the id of a provider'))
    .optional()
    .describe(
      'Provider whose base URL, wire formats and timeouts this one takes over. Needed for ids that are not built in. ' +
        'Keys and headers are never taken over.',
    ),
  base_url: z
    .string(urlForm)
    .refine(isBaseUrl, urlForm)
    .optional()
    .describe('Where the API is, up to what comes before the paths of its formats, usually ending in `/v1`.'),
  keys: z
    .array(providerKey, wants('a list of keys, each with a "value"'))
    .optional()
    .describe('Keys to use. Left out: the environment variable of the built-in provider of the same id.'),
  headers: z
    .record(
      z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, nameForm),
      z.string(headerForm).regex(/^[\t\x20-\x7e\x80-\xff]*$/, headerForm),
      wants('a mapping of header names to values'),
    )
    .optional()
    .describe('Headers sent with every request to this provider. Treated as secrets.'),
  formats: z
    .record(
      z.string(),
      z.string(wants('a path that starts with "/"')).startsWith('/', wants('a path that starts with "/"')),
      wants('a mapping of wire formats to paths'),
    )
    .optional()
    .describe(
      'Wire formats it speaks and their paths below `base_url`, instead of those of the built-in provider.',
    ),
  stateless: z
    .array(z.string(wants('a wire format such as openai-responses')), wants('a list of wire formats'))
    .optional()
    .describe(
      'Wire formats whose answers it does not keep although the API says so, such as `openai-responses`: Headgate keeps them ' +
        'instead. `[]`: it keeps all. Left out: as the built-in provider.',
    ),
  variables: z
    .record(
      z.string(),
      z.string(valueOfVariable).min(1, valueOfVariable),
      wants('a mapping of names to texts'),
    )
    .optional()
    .describe(
      'What stands for `{…}` in the base URL and paths of the built-in provider, such as `region`; see docs/providers.md. ' +
        'Left out: the environment variable or default that it names.',
    ),
  timeouts: timeoutsSection.optional().describe('Limits for this provider; those of a model go before them.'),
});

export const providerId = z.string(idForm).regex(/^[a-z0-9][a-z0-9._-]{0,127}$/, idForm);

/** Where requests can go. */
export const providersSection = z
  .record(providerId, providerSchema, wants('a mapping of provider ids'))
  .prefault({});

export type ParsedProvider = z.output<typeof providerSchema>;
