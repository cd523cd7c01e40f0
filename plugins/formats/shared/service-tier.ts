import type { JsonValue, ScannedFields, ServiceTier } from '@headgate/sdk';
import { valueOfKeyAt } from './json-bytes.js';
import { scannedString } from './scanned-field.js';

/** What providers call their price lists. `auto` and what is not here says nothing of a price. */
const NAMES: Readonly<Record<string, ServiceTier>> = {
  default: 'standard',
  standard: 'standard',
  on_demand: 'standard',
  // Paid for in advance: what an answer costs there is the standard price, for want of a better one.
  scale: 'standard',
  reserved: 'standard',
  provisioned_throughput: 'standard',
  batch: 'batch',
  flex: 'flex',
  on_demand_flex: 'flex',
  priority: 'priority',
  on_demand_priority: 'priority',
  fast: 'priority',
  balanced: 'balanced',
  ultrafast: 'ultrafast',
};

const MEMBER = Buffer.from('"service_tier"');
const QUOTE = 0x22;
/** No name of a price list is longer. */
const LONGEST = 40;

/** The price list that a provider names; undefined when it names none. */
export function serviceTierNamed(name: JsonValue | undefined): ServiceTier | undefined {
  if (typeof name !== 'string') return undefined;
  const plain = name.toLowerCase().replace(/^service_tier_/, '');
  return Object.hasOwn(NAMES, plain) ? NAMES[plain] : undefined;
}

/** The last `service_tier` in an answer, or in events of one, as it stands there. */
export function serviceTierIn(bytes: Buffer): string | undefined {
  const at = bytes.lastIndexOf(MEMBER);
  const value = at === -1 ? -1 : valueOfKeyAt(bytes, at, MEMBER.length);
  if (value === -1 || bytes[value] !== QUOTE) return undefined;
  const end = bytes.indexOf(QUOTE, value + 1);
  return end === -1 || end - value > LONGEST ? undefined : bytes.toString('latin1', value + 1, end);
}

/** The price list that a request asks for in `field`: `any` when it leaves that to the provider in so many words. */
export function serviceTierAsked(
  fields: ScannedFields,
  field = 'service_tier',
): ServiceTier | 'any' | undefined {
  const asked = scannedString(fields.json(field));
  return asked === 'auto' ? 'any' : serviceTierNamed(asked);
}
