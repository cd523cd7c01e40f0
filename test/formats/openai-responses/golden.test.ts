import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '@headgate/sdk';
import { foldEvents } from '@headgate/sdk';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { decodeStream, encodeStream, FORMATS, format, OTHERS, translate } from './harness.js';

/**
 * The golden files of `POST /v1/responses` towards the other formats, and theirs towards it; laid out as
 * `../golden.test.ts` says. `UPDATE_GOLDEN=1` writes them anew; read the difference.
 */
const ROOT = fileURLToPath(new URL('../golden/', import.meta.url));
const OWN = 'openai-responses';

/** The model each target is asked for: what an encoder sends depends on it. */
const MODELS: Record<string, string> = {
  'openai-responses': 'gpt-5',
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
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(ROOT + path, text);
  expect(existsSync(ROOT + path), `golden file ${path} is missing`).toBe(true);
  expect(text).toBe(read(path));
}

const pretty = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

beforeAll(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
afterAll(() => void vi.useRealTimers());

/** From this format to all, from every other one to this. */
const PAIRS = [
  ...FORMATS.map((to) => ({ from: OWN as string, to: to as string })),
  ...OTHERS.map((from) => ({ from: from as string, to: OWN as string })),
];

for (const { from, to } of PAIRS)
  describe(`${from} to ${to}`, () => {
    for (const name of cases(from, '.request.json'))
      it(`request ${name} is written as the golden file says`, () => {
        const input = JSON.parse(read(`${from}/${name}.request.json`)) as JsonObject;
        const result = translate(from, to, input, { model: MODELS[to]! });
        expectGolden(`${from}/${name}.request.to-${to}.json`, pretty(result));
        if (from === to) expect(result).toEqual({ body: { ...input, model: MODELS[to] }, warnings: [] });
      });

    for (const name of cases(from, '.response.json'))
      it(`answer ${name} is written as the golden file says, or comes back unchanged`, () => {
        const input = JSON.parse(read(`${from}/${name}.response.json`)) as JsonObject;
        const response = format(to).response!.encode(format(from).response!.decode(structuredClone(input)));
        if (from === to) expect(JSON.parse(JSON.stringify(response))).toEqual(input);
        else expectGolden(`${from}/${name}.response.to-${to}.json`, pretty(response));
      });

    for (const name of cases(from, '.stream.jsonl'))
      it(`stream ${name} is written as the golden file says`, () => {
        const events = decodeStream(from, read(`${from}/${name}.stream.jsonl`).trim().split('\n'));
        if (from === OWN) expectGolden(`${from}/${name}.stream.folded.json`, pretty(foldEvents(events)));
        expectGolden(`${from}/${name}.stream.to-${to}.txt`, encodeStream(to, events));
      });
  });
