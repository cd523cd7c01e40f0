import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '@headgate/sdk';
import { foldEvents } from '@headgate/sdk';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { decodeStream, encodeStream, OTHERS, translate, translateAnswer } from './harness.js';

/**
 * Golden files of every pair with Gemini at one end, laid out as in `../golden.test.ts`. `UPDATE_GOLDEN=1` writes them
 * anew; read the difference, since nothing else checks them against the APIs' documentation.
 */
const ROOT = fileURLToPath(new URL('../golden/', import.meta.url));
const MODELS: Record<string, string> = {
  gemini: 'gemini-2.5-flash',
  'openai-chat': 'gpt-4o',
  'anthropic-messages': 'claude-sonnet-4-5',
};
const PAIRS: [from: string, to: string][] = [
  ['gemini', 'gemini'],
  ...OTHERS.flatMap((other): [string, string][] => [
    ['gemini', other],
    [other, 'gemini'],
  ]),
];

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
const json = (path: string): JsonObject => JSON.parse(read(path)) as JsonObject;
const events = (from: string, name: string) =>
  decodeStream(from, read(`${from}/${name}.stream.jsonl`).trim().split('\n'));

beforeAll(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
afterAll(() => void vi.useRealTimers());

for (const [from, to] of PAIRS)
  describe(`${from} in ${to}`, () => {
    for (const name of cases(from, '.request.json'))
      it(`writes the request ${name} as the golden file says`, () => {
        const result = translate(from, to, json(`${from}/${name}.request.json`), { model: MODELS[to]! });
        expectGolden(`${from}/${name}.request.to-${to}.json`, pretty(result));
      });
    for (const name of cases(from, '.response.json'))
      it(`writes the answer ${name} as the golden file says`, () => {
        const input = json(`${from}/${name}.response.json`);
        const answer = translateAnswer(from, to, input);
        if (from === to) expect(answer).toEqual(input);
        else expectGolden(`${from}/${name}.response.to-${to}.json`, pretty(answer));
      });
    for (const name of cases(from, '.stream.jsonl'))
      it(`writes the stream ${name} as the golden file says`, () => {
        if (from === to)
          expectGolden(`${from}/${name}.stream.folded.json`, pretty(foldEvents(events(from, name))));
        expectGolden(`${from}/${name}.stream.to-${to}.txt`, encodeStream(to, events(from, name)));
      });
  });
