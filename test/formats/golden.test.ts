import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '@headgate/sdk';
import { foldEvents } from '@headgate/sdk';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  decodeStream,
  encodeStream,
  type FormatId,
  format,
  MATRIX,
  MODELS,
  messageLines,
  translate,
  translateAnswer,
} from './harness.js';

/**
 * One input file, one golden file beside it with what every format makes of it: the whole matrix.
 *
 *     golden/<format>/<case>.request.json   → <case>.request.golden.json    body and warnings for each target
 *     golden/<format>/<case>.response.json  → <case>.response.golden.json   the answer for clients of each format
 *     golden/<format>/<case>.stream.jsonl   → <case>.stream.golden.txt      one event a line in; folded, then each client's
 *     golden/<format>/errors.json           → errors.golden.txt             each status, whole and in a stream
 *
 * `UPDATE_GOLDEN=1 npx vitest run test/formats/golden.test.ts` writes them anew; read the difference, since nothing else
 * checks them against the APIs' documentation. What a format makes of its own request or answer is the input itself and
 * stands in no file, but for requests in an older or shorter spelling than the usual one.
 */
const ROOT = fileURLToPath(new URL('./golden/', import.meta.url));

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

/** Ids that an answer came without are made up anew each time. */
const UUID = /(?<=(?:resp|msg|rs|fc)_)[0-9a-f]{32}/g;

function expectGolden(path: string, written: string): void {
  const text = written.replaceAll(UUID, 'uuid');
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(ROOT + path, text);
  expect(existsSync(ROOT + path), `golden file ${path} is missing`).toBe(true);
  expect(text).toBe(read(path));
}

/** JSON of which everything that fits stands on one line, so that a golden file can be read. */
function readable(value: unknown, indent = ''): string {
  const flat = JSON.stringify(value);
  if (typeof value !== 'object' || value === null || flat.length + indent.length <= 110) return flat;
  const inner = `${indent}  `;
  const list = Array.isArray(value);
  const members = list
    ? value.map((one) => readable(one, inner))
    : Object.entries(value)
        .filter(([, one]) => one !== undefined)
        .map(([key, one]) => `${JSON.stringify(key)}: ${readable(one, inner)}`);
  const [open, close] = list ? '[]' : '{}';
  return `${open}\n${members.map((one) => inner + one).join(',\n')}\n${indent}${close}`;
}

/** An object whose members are set apart by an empty line. */
function sections(members: [string, unknown][]): string {
  return `{\n${members.map(([key, value]) => `"${key}": ${readable(value)}`).join(',\n\n')}\n}\n`;
}

const others = (id: string): FormatId[] => MATRIX.filter((one) => one !== id);
const text = (wire: string | Uint8Array): string => (typeof wire === 'string' ? wire : messageLines(wire));

// Several APIs' answers have no time of their own; their decoders take the clock's.
beforeAll(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
afterAll(() => void vi.useRealTimers());

for (const id of MATRIX)
  describe(id, () => {
    for (const name of cases(id, '.request.json')) {
      const input = (): JsonObject => readJson(`${id}/${name}.request.json`);
      it(`has the request ${name} written for every target as the golden file says`, () => {
        const own = input();
        const model = typeof own['model'] === 'string' ? own['model'] : MODELS[id];
        const back = translate(id, id, own, { model });
        expect(back.warnings).toEqual([]);
        const same = isDeepStrictEqual(back.body, own);
        // Older and shorter spellings come back in the usual one, which says the same.
        if (!same) expect(translate(id, id, back.body, { model }).body).toEqual(back.body);
        const written = others(id).map((to): [string, unknown] => [
          to,
          translate(id, to, input(), { model: MODELS[to], fullOpenai: true }),
        ]);
        expectGolden(
          `${id}/${name}.request.golden.json`,
          sections(same ? written : [[id, back], ...written]),
        );
      });
    }

    for (const name of cases(id, '.response.json')) {
      const input = (): JsonObject => readJson(`${id}/${name}.response.json`);
      it(`has the answer ${name} back unchanged from the hub`, () => {
        expect(translateAnswer(id, id, input())).toEqual(input());
      });
      it(`has the answer ${name} written for every client as the golden file says`, () => {
        expectGolden(
          `${id}/${name}.response.golden.json`,
          sections(others(id).map((to) => [to, translateAnswer(id, to, input())])),
        );
      });
    }

    for (const name of cases(id, '.stream.jsonl'))
      it(`has the stream ${name} written for every client as the golden file says`, () => {
        const events = decodeStream(id, read(`${id}/${name}.stream.jsonl`).trim().split('\n'));
        const folded = `=== folded\n${readable(foldEvents(events))}\n`;
        const streams = MATRIX.map((to) => `=== ${to}\n${encodeStream(to, events).trimEnd()}\n`);
        expectGolden(`${id}/${name}.stream.golden.txt`, [folded, ...streams].join('\n'));
      });

    it('has its errors of every status written for every client as the golden file says', () => {
      const errors = Object.entries(readJson(`${id}/errors.json`)) as [string, JsonObject][];
      const golden = errors.map(([status, body]) => {
        const error = format(id).error.decode(Number(status), JSON.stringify(body));
        const written = MATRIX.map((to) => {
          const whole = `${to}: ${format(to).error.encode(error, 'req_1')}`;
          return `${whole}\n${text(format(to).error.encodeInStream(error, 'req_1')).trimEnd()}\n`;
        });
        return [`=== ${status}\n${readable(error)}\n`, ...written].join('\n');
      });
      expectGolden(`${id}/errors.golden.txt`, golden.join('\n'));
    });
  });
