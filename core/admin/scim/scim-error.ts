import type { CanonicalError } from '@headgate/sdk';
import type { ControlAnswer } from '../../control.js';

const SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:Error';
export const SCIM_TYPE = 'application/scim+json';

/** RFC 7644, table 9. */
export type ScimType =
  | 'invalidFilter'
  | 'uniqueness'
  | 'mutability'
  | 'invalidSyntax'
  | 'invalidPath'
  | 'noTarget'
  | 'invalidValue';

/** What an identity provider is told, in the words of RFC 7644, 3.12. */
export class ScimError extends Error {
  override readonly name = 'ScimError';
  constructor(
    readonly status: number,
    readonly scimType: ScimType | null,
    detail: string,
  ) {
    super(detail);
  }
}

export function invalidValue(detail: string): ScimError {
  return new ScimError(400, 'invalidValue', detail);
}

export function scimAnswer(status: number, body: object, headers: readonly string[] = []): ControlAnswer {
  return { status, headers: ['content-type', SCIM_TYPE, ...headers], body: JSON.stringify(body) };
}

export function scimRefusal({ status, scimType, message }: ScimError): ControlAnswer {
  return errorAnswer(status, scimType, message, []);
}

/** The errors that all paths of the admin API have, told to an identity provider. */
export function inScim(error: CanonicalError, headers: readonly string[]): ControlAnswer {
  const types: Readonly<Record<string, ScimType>> = {
    entity_exists: 'uniqueness',
    entity_invalid: 'invalidValue',
    invalid_parameter: 'invalidValue',
  };
  return errorAnswer(error.status, types[error.code ?? ''] ?? null, error.message, headers);
}

function errorAnswer(
  status: number,
  scimType: ScimType | null,
  detail: string,
  headers: readonly string[],
): ControlAnswer {
  const body = {
    schemas: [SCHEMA],
    status: String(status),
    ...(scimType !== null && { scimType }),
    detail,
  };
  return scimAnswer(status, body, headers);
}
