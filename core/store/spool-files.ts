import fs from 'node:fs';

/** The file operations of the spool, so that a test can put a full disk in their place. */
export type SpoolFiles = Pick<
  typeof fs,
  | 'mkdirSync'
  | 'readdirSync'
  | 'openSync'
  | 'closeSync'
  | 'fstatSync'
  | 'ftruncateSync'
  | 'readSync'
  | 'writeSync'
  | 'write'
  | 'fdatasync'
  | 'fsyncSync'
  | 'unlinkSync'
  | 'renameSync'
>;

export const realFiles: SpoolFiles = fs;
