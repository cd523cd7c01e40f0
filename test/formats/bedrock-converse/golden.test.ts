import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '@headgate/sdk';
import { foldEvents } from '@headgate/sdk';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import * as all from '../harness.js';
import { bedrock, CLAUDE, decodeStream, encodeStream, messagesOf, translate } from './harness.js';

/**
 * The golden files from and to Converse, in the layout of `test/formats/golden.test.ts`. Streams of this format are
 * written as messages, one a line: the type, a tab, the payload. `UPDATE_GOLDEN=1` writes the files anew.
 */
const ROOT = fileURLToPath(new URL('../golden/', import.meta.url));
const ID = bedrock.id;

const OTHERS: Record<string, string> = {
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

function readJson(path: string): JsonObject {
  return JSON.parse(read(path)) as JsonObject;
}

function expectGolden(path: string, text: string): void {
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(ROOT + path, text);
  expect(existsSync(ROOT + path), `golden file ${path} is missing`).toBe(true);
  expect(text).toBe(read(path));
}

const pretty = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const lines = (bytes: Uint8Array): string =>
  messagesOf(bytes)
    .map(([event, data]) => `${event}\t${JSON.stringify(data)}\n`)
    .join('');
const events = (name: string) =>
  decodeStream(
    read(`${ID}/${name}.stream.jsonl`)
      .trim()
      .split('\n')
      .map((line) => ['', JSON.parse(line)] as [string, unknown]),
  );

// Converse's answers have no time of their own; the decoder takes the clock's.
beforeAll(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
afterAll(() => void vi.useRealTimers());

describe('requests of Converse', () => {
  for (const name of cases(ID, '.request.json')) {
    it(`${name} comes back unchanged from the hub`, () => {
      const input = readJson(`${ID}/${name}.request.json`);
      expect(translate(ID, ID, input, { model: CLAUDE })).toEqual({ body: input, warnings: [] });
    });
    for (const [target, model] of Object.entries(OTHERS))
      it(`${name} is written for ${target} as the golden file says`, () => {
        const result = translate(ID, target, readJson(`${ID}/${name}.request.json`), { model });
        expectGolden(`${ID}/${name}.request.to-${target}.json`, pretty(result));
      });
  }
});

describe('answers of Converse', () => {
  for (const name of cases(ID, '.response.json')) {
    const input = (): JsonObject => readJson(`${ID}/${name}.response.json`);
    it(`${name} comes back unchanged from the hub`, () => {
      const codec = bedrock.response!;
      expect(JSON.parse(JSON.stringify(codec.encode(codec.decode(input()))))).toEqual(input());
    });
    for (const target of Object.keys(OTHERS))
      it(`${name} is written for ${target} as the golden file says`, () => {
        const response = all.format(target).response!.encode(bedrock.response!.decode(input()));
        expectGolden(`${ID}/${name}.response.to-${target}.json`, pretty(response));
      });
  }
});

describe('streams of Converse', () => {
  for (const name of cases(ID, '.stream.jsonl')) {
    it(`${name} folds to the answer that the golden file says`, () => {
      expectGolden(`${ID}/${name}.stream.folded.json`, pretty(foldEvents(events(name))));
    });
    for (const target of Object.keys(OTHERS))
      it(`${name} is written for ${target} as the golden file says`, () => {
        expectGolden(`${ID}/${name}.stream.to-${target}.txt`, all.encodeStream(target, events(name)));
      });
    it(`${name} is written for Converse as the golden file says`, () => {
      expectGolden(`${ID}/${name}.stream.to-${ID}.txt`, lines(encodeStream(events(name))));
    });
  }
});

describe('what Converse gets from other formats', () => {
  for (const id of Object.keys(OTHERS)) {
    for (const name of cases(id, '.request.json'))
      it(`is the request ${name} of ${id} as the golden file says`, () => {
        const result = translate(id, ID, readJson(`${id}/${name}.request.json`), { model: CLAUDE });
        expectGolden(`${id}/${name}.request.to-${ID}.json`, pretty(result));
      });
    for (const name of cases(id, '.response.json'))
      it(`is the answer ${name} of ${id} as the golden file says`, () => {
        const response = all.format(id).response!.decode(readJson(`${id}/${name}.response.json`));
        expectGolden(
          `${id}/${name}.response.to-${ID}.json`,
          pretty(bedrock.response!.encode({ ...response, created: 1_700_000_000 })),
        );
      });
    for (const name of cases(id, '.stream.jsonl'))
      it(`is the stream ${name} of ${id} as the golden file says`, () => {
        const out = all.decodeStream(id, read(`${id}/${name}.stream.jsonl`).trim().split('\n'));
        expectGolden(`${id}/${name}.stream.to-${ID}.txt`, lines(encodeStream(out)));
      });
  }
});
