import { randomUUID } from 'node:crypto';
import { digest } from './call-ids.js';

/** Longer ids would pass OpenAI's limit of 64 characters once a prefix and a number are around them. */
const LONGEST_CORE = 44;

function safe(id: string): string {
  return id.replace(/[^A-Za-z0-9_-]/g, '_');
}

/**
 * The id of an answer as this API writes it, `resp_…`. `sameFormat`: it was made by this API and is left alone.
 * `requestId` stands in where the provider gave none.
 */
export function responseId(id: string, sameFormat: boolean, requestId?: string): string {
  if (id !== '' && (sameFormat || id.startsWith('resp_'))) return id;
  const given = id === '' ? requestId : id;
  if (given === undefined) return `resp_${randomUUID().replaceAll('-', '')}`;
  return `resp_${given.length > LONGEST_CORE ? digest(given) : safe(given)}`;
}

/** Ids of the items of one answer, always the same for the same answer: clients send them back and refer to them. */
export class ItemIds {
  private readonly core: string;

  constructor(response: string) {
    const id = response.startsWith('resp_') ? response.slice(5) : response;
    this.core = id.length > LONGEST_CORE ? digest(id) : safe(id);
  }

  /** `prefix`: `msg`, `fc`, `rs`, `ctc` or `ig`. `index`: the item's place in the output. */
  of(prefix: string, index: number): string {
    return `${prefix}_${this.core}_${index}`;
  }
}
