import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REQUESTS } from './generate/requests.js';
import { MATRIX, MODELS, translate } from './harness.js';

/** Times as many runs as usual: `RUNS=20 npx vitest run test/formats/request-round-trip.test.ts` finds what is rare. */
const TIMES = Number(process.env['RUNS'] ?? 1);

describe('a request that goes through the hub and back', () => {
  for (const id of MATRIX)
    it(`loses nothing in ${id}`, () => {
      fc.assert(
        fc.property(REQUESTS[id], (body) => {
          const { body: back, warnings } = translate(id, id, body);
          expect(back).toEqual(body);
          expect(warnings).toEqual([]);
        }),
        { numRuns: 300 * TIMES },
      );
    });
});

describe('a request that is translated', () => {
  for (const from of MATRIX)
    it(`from ${from} is understood by every other format, which writes it again unchanged`, () => {
      for (const to of MATRIX.filter((one) => one !== from))
        fc.assert(
          fc.property(REQUESTS[from], (body) => {
            const model = MODELS[to];
            const { body: out } = translate(from, to, body, { model });
            expect(translate(to, to, out, { model })).toEqual({ body: out, warnings: [] });
          }),
          { numRuns: 60 * TIMES },
        );
    });
});
