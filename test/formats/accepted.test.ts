import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '@headgate/sdk';
import { describe, expect, it } from 'vitest';
import { checkMessages } from '../fakes/anthropic-checks.js';
import { checkConverse } from '../fakes/bedrock-checks.js';
import { checkCohere } from '../fakes/cohere-checks.js';
import { checkGenerate } from '../fakes/gemini-checks.js';
import { checkOllama } from '../fakes/ollama-checks.js';
import { checkChat } from '../fakes/openai-checks.js';
import { checkResponses } from '../fakes/openai-responses-checks.js';
import { type FormatId, MATRIX, MODELS, translate } from './harness.js';

/** The rules of each API as its fake has them, which throw where the provider would refuse a request. */
const CHECKS: Partial<Record<FormatId, (body: JsonObject) => void>> = {
  'openai-chat': (body) => checkChat(body, true),
  'openai-responses': (body) => checkResponses(body, true),
  'anthropic-messages': (body) => checkMessages(body, 'messages', true),
  gemini: checkGenerate,
  'bedrock-converse': checkConverse,
  'cohere-chat': checkCohere,
  'ollama-chat': (body) => checkOllama(body, 'ChatRequest'),
  'ollama-generate': (body) => checkOllama(body, 'GenerateRequest'),
};

const ROOT = fileURLToPath(new URL('./golden/', import.meta.url));
/** Of a request that only points at what its provider keeps, nothing is left to be said elsewhere. */
const NOTHING_SAID = 'openai-responses/stateful';

/** A request for each file of the golden tests, by format and case. */
const requests = MATRIX.flatMap((from) =>
  readdirSync(ROOT + from)
    .filter((file) => file.endsWith('.request.json'))
    .map((file) => ({
      from,
      name: `${from}/${file.replace('.request.json', '')}`,
      file: `${ROOT}${from}/${file}`,
    })),
).filter(({ name }) => name !== NOTHING_SAID);

describe.each(Object.entries(CHECKS) as [FormatId, (body: JsonObject) => void][])(
  'a request of another format for %s',
  (to, check) => {
    it.each(requests.filter(({ from }) => from !== to))(
      'is one that its API takes: $name',
      ({ from, file }) => {
        const asked = JSON.parse(readFileSync(file, 'utf8')) as JsonObject;
        const { body } = translate(from, to, asked, { model: MODELS[to] });
        expect(() => check(body)).not.toThrow();
      },
    );
  },
);
