import { ADAPTED_CALLS, type Operation, type Plugin, providerRow } from '@headgate/sdk';
import { z } from 'zod';
import { ONCE } from '../config/once.js';
import { formatPath, type Path } from '../config/path.js';

const aFunction = z.custom((value) => typeof value === 'function', 'expected a function');
const error = z.looseObject({ decode: aFunction, encode: aFunction, encodeInStream: aFunction });

/** A record, so that a new one is not forgotten. */
const operations: Readonly<Record<Operation, true>> = {
  chat: true,
  embedding: true,
  'count-tokens': true,
  realtime: true,
  rerank: true,
  moderation: true,
  image: true,
  audio: true,
  video: true,
  file: true,
  batch: true,
  tool: true,
  run: true,
  other: true,
};

/** Plugins come from outside: that they are what their types promise is not known before somebody looks. */
const contributions = z.looseObject({
  providers: z.array(z.looseObject({ row: providerRow, transport: aFunction.optional() })).optional(),
  formats: z
    .array(
      z.looseObject({
        id: z.string().min(1),
        operation: z.enum(Object.keys(operations) as Operation[]),
        requestIdHeader: z.string(),
        fields: z.array(z.string()),
        error,
      }),
    )
    .optional(),
  signers: z.array(z.looseObject({ id: z.string().min(1) })).optional(),
  adapters: z
    .array(z.looseObject({ id: z.string().min(1), calls: z.array(z.enum(ADAPTED_CALLS)), ask: aFunction }))
    .optional(),
});

/** What is wrong with the providers, formats, signers and adapters that a plugin brings; empty when nothing is. */
export function contributionProblems(plugin: Plugin): string[] {
  const checked = contributions.safeParse(plugin, ONCE);
  if (checked.success) return [];
  return checked.error.issues.map(({ path, message }) => `${formatPath(path as Path)}: ${message}`);
}
