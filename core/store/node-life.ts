import type { UsedSoFar } from '@headgate/sdk';

/** This node of a cluster from one start to the next end. */
export interface NodeLife {
  /** The node, the same after a restart. */
  readonly node: string;
  /** This start of it, hexadecimal. */
  readonly boot: string;
  /** No answer ends before its record is on disk; else a crash may lose those of the last batch. */
  readonly waits: boolean;
}

/** What an earlier life used since some moment: certainly, and perhaps, since sums are kept of whole quarters of an hour. */
export interface UsedInLife {
  readonly least: UsedSoFar;
  readonly most: UsedSoFar;
}

export function nameOf({ node, boot }: Pick<NodeLife, 'node' | 'boot'>): string {
  return `${node}~${boot}`;
}

export function nodeOf(life: string): string {
  return life.slice(0, life.indexOf('~'));
}
