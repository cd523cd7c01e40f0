import { emptyUsage, type Usage } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import type { Forward } from './forward.js';
import { withoutVersion } from './operation.js';

/** They tell again what was used before, as often as they are asked. */
const READS = new Set(['GET', 'HEAD', 'DELETE']);

/** What an answer in JSON says was used. Null when it says nothing. */
export function usedBy(x: Exchange, answer: Buffer): Usage | null {
  if (READS.has(x.incoming.method)) return null;
  return withUnits(x, x.endpoint.format.meter?.body(answer) ?? null, answer);
}

/** A usage with what the call used beside tokens, as far as its request and its answer tell. */
export function withUnits(x: Exchange, usage: Usage | null, answer: Buffer | null = null): Usage | null {
  const { method, body } = x.incoming;
  const { path, usage: told } = x.forward as Forward;
  if (told !== null) return told;
  const { tail } = path;
  const request = body.streamed ? NOTHING : body.bytes;
  const units = x.endpoint.format.forwardedUnits?.({ method, path: withoutVersion(tail), request, answer });
  if (units == null) return usage;
  const whole = usage ?? emptyUsage();
  whole.units = { ...units, ...whole.units };
  return whole;
}

const NOTHING = Buffer.alloc(0);
