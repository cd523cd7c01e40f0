import type { BodyKeeping } from '../observe/bodies/body-settings.js';
import type { Config } from './config.js';

/** What becomes of bodies, as the ledger's thread gets it: with the secret of the storage in the clear. */
export function bodyKeepingOf({ observability: { bodyKeeping } }: Config): BodyKeeping {
  const { s3 } = bodyKeeping;
  return { ...bodyKeeping, s3: s3 && { ...s3, secretAccessKey: s3.secretAccessKey.reveal() } };
}
