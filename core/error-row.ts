import type { ErrorKind } from '@headgate/sdk';

export interface ErrorRow {
  status: number;
  kind: ErrorKind;
  /** `{name}` is replaced by that field of the details. */
  message: string;
  param?: string;
}
