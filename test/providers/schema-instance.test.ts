import type { JsonValue } from '@headgate/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { instanceOf } from '../../plugins/providers/mock/schema-instance.js';

// Schemas as zod writes them, so that zod itself can say whether an instance fits.
const leaf: fc.Arbitrary<z.ZodType> = fc.oneof(
  fc.constant(z.string()),
  fc.nat(40).map((n) => z.string().min(n)),
  fc.nat(5).map((n) => z.string().max(n)),
  fc.integer({ min: -50, max: 50 }).map((n) => z.int().min(n)),
  fc.integer({ min: -50, max: 50 }).map((n) => z.int().max(n)),
  fc.integer({ min: -50, max: 50 }).map((n) => z.number().gt(n)),
  fc.integer({ min: 1, max: 9 }).map((n) => z.int().min(3).multipleOf(n)),
  fc.constant(z.boolean()),
  fc.constant(z.null()),
  fc.constant(z.email()),
  fc.constant(z.uuid()),
  fc.constant(z.iso.datetime()),
  fc.constant(z.enum(['a', 'b'])),
  fc.constant(z.literal('x')),
);
const { schema } = fc.letrec<{ schema: z.ZodType }>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc
      .dictionary(fc.stringMatching(/^[a-z]{1,6}$/), tie('schema'), { maxKeys: 4 })
      .map((shape) => z.strictObject(shape)),
    fc.tuple(tie('schema'), fc.nat(3)).map(([item, least]) => z.array(item).min(least)),
    fc.tuple(tie('schema'), tie('schema')).map((options) => z.union(options)),
    tie('schema').map((inner) => inner.nullable()),
  ),
}));

describe('an instance of a JSON Schema', () => {
  it('fits the schema it was made from', () => {
    fc.assert(
      fc.property(schema, (type) => {
        const made = instanceOf(z.toJSONSchema(type) as JsonValue);
        expect(type.safeParse(made)).toMatchObject({ success: true });
      }),
      { numRuns: 500 },
    );
  });

  it('follows references, and ends recursive ones', () => {
    interface Tree {
      name: string;
      children: Tree[];
    }
    const tree: z.ZodType<Tree> = z.object({ name: z.string(), children: z.lazy(() => z.array(tree)) });
    expect(tree.safeParse(instanceOf(z.toJSONSchema(tree) as JsonValue)).success).toBe(true);
  });

  it('stays small for a schema that branches without end', () => {
    const names = Array.from({ length: 30 }, (_, i) => `p${i}`);
    const node = {
      type: 'object',
      properties: Object.fromEntries(names.map((name) => [name, { $ref: '#' }])),
      required: names,
    };
    expect(JSON.stringify(instanceOf(node)).length).toBeLessThan(200_000);
  });

  it('fills the parts of an allOf into one object', () => {
    const schema_ = {
      allOf: [
        { type: 'object', properties: { a: { const: 1 } } },
        { type: 'object', properties: { b: { const: 2 } } },
      ],
    };
    expect(instanceOf(schema_)).toEqual({ a: 1, b: 2 });
  });
});
