import { z } from 'zod';
import { CAPABILITIES } from '../../catalog/prices/capabilities.js';
import { integer } from '../integer.js';
import { wants } from '../wants.js';

/** What becomes of requests to models whose price nobody knows. */
export const unpriced = z.enum(['allow', 'warn', 'deny']);

const perMillionForm = wants('US dollars per million tokens, from 0 to 1000');
const pieceForm = wants('an amount in US dollars, from 0 to 10000');

const perMillion = (what: string) =>
  z
    .number(perMillionForm)
    .min(0, perMillionForm)
    .max(1000, perMillionForm)
    .optional()
    .describe(`US dollars per million tokens: ${what}.`);
const piece = (what: string) =>
  z.number(pieceForm).min(0, pieceForm).max(10_000, pieceForm).optional().describe(`US dollars: ${what}.`);

const tokens = {
  input_per_million_usd: perMillion('of the prompt'),
  output_per_million_usd: perMillion('of the answer'),
  cache_read_per_million_usd: perMillion('read from the prompt cache; left out, what input costs'),
  cache_write_per_million_usd: perMillion('written to the prompt cache; left out, what input costs'),
  cache_write_1h_per_million_usd: perMillion('written to it for an hour; left out, what other writes cost'),
  reasoning_per_million_usd: perMillion('of reasoning; left out, what output costs'),
  audio_input_per_million_usd: perMillion('of sound; left out, what input costs'),
  audio_output_per_million_usd: perMillion('of sound; left out, what output costs'),
  cached_audio_per_million_usd: perMillion('of sound from the cache; left out, what cache reads cost'),
  image_input_per_million_usd: perMillion('of pictures; left out, what input costs'),
  image_output_per_million_usd: perMillion('of pictures; left out, what output costs'),
  cached_image_per_million_usd: perMillion('of pictures from the cache; left out, what cache reads cost'),
  video_input_per_million_usd: perMillion('of video; left out, what input costs'),
  video_output_per_million_usd: perMillion('of video; left out, what output costs'),
  citation_per_million_usd: perMillion('of cited sources'),
};

const pieces = {
  image_usd: piece('a picture that is made'),
  audio_input_second_usd: piece('a second of sound that is heard'),
  audio_output_second_usd: piece('a second of sound that is made'),
  video_second_usd: piece('a second of video that is made'),
  character_usd: piece('a character that is turned into speech'),
  page_usd: piece('a page that is read'),
  annotated_page_usd: piece('a page that is read and annotated'),
  search_unit_usd: piece('a query of a reranker'),
  web_search_usd: piece('a web search'),
  grounding_usd: piece('an answer with web searches, however many'),
  file_search_usd: piece('a search in stored files'),
  map_search_usd: piece('a look-up of maps'),
  code_session_usd: piece('a container that runs code'),
};

const above = z
  .array(
    z.strictObject({
      input_tokens: integer(1, 1_000_000_000).describe(
        'Requests with more tokens in their prompt cost this.',
      ),
      ...tokens,
    }),
    wants('a list of { input_tokens, … }'),
  )
  .optional()
  .describe('Rates of whole requests with long prompts, which take the place of those above.');

const list = z.strictObject({ ...tokens, ...pieces, above });
const optionalList = (name: string) =>
  list.optional().describe(`What differs in the price list \`${name}\`.`);

/** The price of one model; the file, the admin API and its OpenAPI document have the same one. */
export const priceSchema = z.strictObject({
  ...tokens,
  request_usd: piece('a request, on top of its tokens'),
  ...pieces,
  above,
  service_tiers: z
    .strictObject({
      batch: optionalList('batch'),
      flex: optionalList('flex'),
      priority: optionalList('priority'),
      balanced: optionalList('balanced'),
      ultrafast: optionalList('ultrafast'),
    })
    .optional()
    .describe('Other price lists of the model: what one leaves out is as in the standard one.'),
  variants: z
    .record(z.string(), z.strictObject(pieces), wants('a mapping of variants'))
    .optional()
    .describe('Pieces by variant: `high/1024x1024`, `1024x1024` or `high` of a picture, `1080p` of a video.'),
  context_window: integer(1, 1_000_000_000).optional().describe('Tokens that a conversation may have.'),
  max_output_tokens: integer(1, 1_000_000_000).optional().describe('Tokens that an answer may have.'),
  capabilities: z
    .array(z.enum(CAPABILITIES), wants(`a list of ${CAPABILITIES.join(', ')}`))
    .optional()
    .describe('What the model can do, in place of what the sources say.'),
});

const keyForm = wants('"provider/model", or "provider/*" for all models of a provider');

export const priceName = z.string(keyForm).regex(/^[^/\s]+\/\S+$/, keyForm);

/** What models cost and can do, where that is not what the sources say. */
export const pricesSection = z
  .record(priceName, priceSchema, wants('a mapping of provider/model to prices'))
  .prefault({});

export type ParsedPrices = z.output<typeof pricesSection>;
