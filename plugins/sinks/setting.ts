import type { SinkSetting } from '@headgate/sdk';

/** A key that must be given. @param env variables that may hold it */
export const secret = (about: string, ...env: string[]): SinkSetting => ({
  type: 'secret',
  required: true,
  about,
  ...(env.length > 0 && { env }),
});

/** An address that has a usual one. */
export const address = (about: string, usual: string, ...env: string[]): SinkSetting => ({
  type: 'url',
  about,
  default: usual,
  ...(env.length > 0 && { env }),
});

/** An address that must be given. */
export const ownAddress = (about: string, ...env: string[]): SinkSetting => ({
  type: 'url',
  required: true,
  about,
  ...(env.length > 0 && { env }),
});

/** A text that must be given. */
export const text = (about: string, ...env: string[]): SinkSetting => ({
  type: 'text',
  required: true,
  about,
  ...(env.length > 0 && { env }),
});

/** A text that may be left out. */
export const optional = (about: string, usual?: string): SinkSetting => ({
  type: 'text',
  about,
  ...(usual !== undefined && { default: usual }),
});
