import type { SinkAnswer } from '@headgate/sdk';

/** What an answer says, as JSON; an empty object for what is none. */
export function jsonOf(answer: SinkAnswer): Record<string, unknown> {
  try {
    const read: unknown = JSON.parse(Buffer.from(answer.body).toString('utf8'));
    return typeof read === 'object' && read !== null ? (read as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** The list under that name; empty when there is none. */
export function listIn(json: Record<string, unknown>, name: string): Record<string, unknown>[] {
  const list = json[name];
  return Array.isArray(list) ? list.filter((one) => typeof one === 'object' && one !== null) : [];
}
