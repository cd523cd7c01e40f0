import { readFile } from 'node:fs/promises';

/** Where default credentials of clouds are found. */
export interface Environment {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Rejects when there is no such file. */
  readonly readFile: (path: string) => Promise<string>;
}

export const processEnvironment: Environment = {
  env: process.env,
  readFile: (path) => readFile(path, 'utf8'),
};
