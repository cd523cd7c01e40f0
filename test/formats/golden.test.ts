import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '@headgate/sdk';
import { foldEvents } from '@headgate/sdk';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CHAT_FORMATS, decodeStream, encodeStream, format, translate } from './harness.js';

/**
 * One input file, a golden file per target. `UPDATE_GOLDEN=1 npx vitest run test/formats/golden.test.ts` writes them
 * anew; read the difference, since nothing else checks them against the APIs' documentation.
 *
 *     golden/<format>/<case>.request.json      → <case>.request.to-<target>.json   (body and warnings)
 *     golden/<format>/<case>.response.json     → <case>.response.to-<target>.json
 *     golden/<format>/<case>.stream.jsonl      → <case>.stream.to-<target>.txt     (one event a line in, SSE out)
 */
const ROOT = fileURLToPath(new URL('./golden/', import.meta.url));

/** The model each target is asked for: what an encoder sends depends on it. */
const MODELS: Record<string, string> = {
  'openai-chat': 'gpt-4o',
  'anthropic-messages': 'claude-sonnet-4-5',
  'openai-completions': 'gpt-3.5-turbo-instruct',
};

function cases(id: string, suffix: string): string[] {
  return readdirSync(ROOT + id)
    .filter((file) => file.endsWith(suffix))
    .map((file) => file.slice(0, -suffix.length));
}

function read(path: string): string {
  return readFileSync(ROOT + path, 'utf8');
}

function expectGolden(path: string, text: string): void {
  const update = process.env['UPDATE_GOLDEN'] === '1';
  if (update) writeFileSync(ROOT + path, text);
  expect(existsSync(ROOT + path), `golden file ${path} is missing`).toBe(true);
  expect(text).toBe(read(path));
}

const pretty = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

// Anthropic's answers have no time of their own; the decoder takes the clock's.
beforeAll(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
afterAll(() => void vi.useRealTimers());

for (const id of CHAT_FORMATS) {
  describe(`requests of ${id}`, () => {
    for (const name of cases(id, '.request.json'))
      for (const target of CHAT_FORMATS)
        it(`${name} is written for ${target} as the golden file says`, () => {
          const input = JSON.parse(read(`${id}/${name}.request.json`)) as JsonObject;
          const result = translate(id, target, input, { model: MODELS[target]! });
          expectGolden(`${id}/${name}.request.to-${target}.json`, pretty(result));
        });
  });

  describe(`answers of ${id}`, () => {
    for (const name of cases(id, '.response.json')) {
      const input = (): JsonObject => JSON.parse(read(`${id}/${name}.response.json`)) as JsonObject;
      it(`${name} comes back unchanged from the hub`, () => {
        const codec = format(id).response!;
        expect(JSON.parse(JSON.stringify(codec.encode(codec.decode(input()))))).toEqual(input());
      });
      for (const target of CHAT_FORMATS.filter((one) => one !== id))
        it(`${name} is written for ${target} as the golden file says`, () => {
          const response = format(target).response!.encode(format(id).response!.decode(input()));
          expectGolden(`${id}/${name}.response.to-${target}.json`, pretty(response));
        });
    }
  });

  describe(`streams of ${id}`, () => {
    for (const name of cases(id, '.stream.jsonl')) {
      const events = () => decodeStream(id, read(`${id}/${name}.stream.jsonl`).trim().split('\n'));
      it(`${name} folds to the answer that the golden file says`, () => {
        expectGolden(`${id}/${name}.stream.folded.json`, pretty(foldEvents(events())));
      });
      for (const target of CHAT_FORMATS)
        it(`${name} is written for ${target} as the golden file says`, () => {
          expectGolden(`${id}/${name}.stream.to-${target}.txt`, encodeStream(target, events()));
        });
    }
  });
}
