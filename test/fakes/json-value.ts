export type Json = Record<string, unknown>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** Thrown by the checks of a fake: the request is one the real provider would refuse. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly detail: { param?: string | null; code?: string | null } = {},
  ) {
    super(message);
  }
}

/** The body as an object, or null when it is no JSON object. */
export function parseObject(body: Buffer): Json | null {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
