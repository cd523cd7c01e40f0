import type { BodyKeeping, S3Settings } from '../observe/bodies/body-settings.js';
import type { Config } from './config.js';

/** What becomes of bodies, as the ledger's thread gets it: with the secret of the storage in the clear. */
export function bodyKeepingOf({ observability: { bodyKeeping } }: Config): BodyKeeping {
  const { s3, earlierS3 } = bodyKeeping;
  return { ...bodyKeeping, s3: s3 && shown(s3), earlierS3: earlierS3.map(shown) };
}

function shown(s3: NonNullable<Config['observability']['bodyKeeping']['s3']>): S3Settings {
  return { ...s3, secretAccessKey: s3.secretAccessKey.reveal() };
}
