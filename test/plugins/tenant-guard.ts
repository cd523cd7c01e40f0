import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Plugin } from '@headgate/sdk';

const dist = fileURLToPath(new URL('../../examples/custom-plugin/dist', import.meta.url));

/** The compiled example, as a gateway loads it. */
export const tenantGuardFile = `${dist}/index.js`;

const load = async (file: string): Promise<unknown> => import(pathToFileURL(`${dist}/${file}`).href);

export const tenantGuard = ((await load('index.js')) as { default: Plugin }).default;

interface Masker {
  push(piece: string): string;
  end(): string;
}

export const { Masker } = (await load('masker.js')) as { Masker: new () => Masker };
