import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { JsonObject, WireFormat } from '@headgate/sdk';
import { foldEvents } from '@headgate/sdk';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { decodeWith, encodeWith, translateWith } from './through-hub.js';

const ROOT = fileURLToPath(new URL('./golden/', import.meta.url));

/** The model each target is asked for: what an encoder sends depends on it. */
const MODELS: Record<string, string> = {
  'openai-chat': 'gpt-4o',
  'anthropic-messages': 'claude-sonnet-4-5',
  'openai-completions': 'gpt-3.5-turbo-instruct',
  'cohere-chat': 'command-a-03-2025',
  'ollama-chat': 'qwen3',
  'ollama-generate': 'qwen3',
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
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(ROOT + path, text);
  expect(existsSync(ROOT + path), `golden file ${path} is missing`).toBe(true);
  expect(text).toBe(read(path));
}

const pretty = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/**
 * The golden files of one format towards others, laid out as `golden.test.ts` says, and theirs towards it.
 * `UPDATE_GOLDEN=1` writes them anew; read the difference.
 */
export function goldenPairs(own: WireFormat, others: WireFormat[]): void {
  beforeAll(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
  afterAll(() => void vi.useRealTimers());
  const pairs = [own, ...others].map((to) => ({ from: own, to }));
  for (const from of others) pairs.push({ from, to: own });
  for (const { from, to } of pairs)
    describe(`${from.id} to ${to.id}`, () => {
      for (const name of cases(from.id, '.request.json'))
        it(`request ${name} is written as the golden file says`, () => {
          const input = JSON.parse(read(`${from.id}/${name}.request.json`)) as JsonObject;
          const model = MODELS[to.id]!;
          const result = translateWith(from, to, input, { model });
          expectGolden(`${from.id}/${name}.request.to-${to.id}.json`, pretty(result));
          if (from === to) expect(result).toEqual({ body: { ...input, model }, warnings: [] });
        });

      for (const name of cases(from.id, '.response.json'))
        it(`answer ${name} is written as the golden file says, or comes back unchanged`, () => {
          const input = JSON.parse(read(`${from.id}/${name}.response.json`)) as JsonObject;
          const response = to.response!.encode(from.response!.decode(structuredClone(input)));
          if (from === to) expect(JSON.parse(JSON.stringify(response))).toEqual(input);
          else expectGolden(`${from.id}/${name}.response.to-${to.id}.json`, pretty(response));
        });

      for (const name of cases(from.id, '.stream.jsonl'))
        it(`stream ${name} is written as the golden file says`, () => {
          const events = decodeWith(from, read(`${from.id}/${name}.stream.jsonl`).trim().split('\n'));
          if (from === own) expectGolden(`${from.id}/${name}.stream.folded.json`, pretty(foldEvents(events)));
          expectGolden(`${from.id}/${name}.stream.to-${to.id}.txt`, encodeWith(to, events));
        });
    });
}
