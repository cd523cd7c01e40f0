import type { Operation } from '@headgate/sdk';

/** By the first word of a path behind its version, or the first two. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  'messages/batches': 'batch',
  audio: 'audio',
  batches: 'batch',
  embed: 'embedding',
  embeddings: 'embedding',
  files: 'file',
  images: 'image',
  moderations: 'moderation',
  rerank: 'rerank',
  uploads: 'file',
  videos: 'video',
};

/** What a path asks for that is only forwarded. */
export function operationOf(tail: string): Operation {
  const [first = '', second = ''] = withoutVersion(tail).split('/');
  return OPERATIONS[`${first}/${second}`] ?? OPERATIONS[first] ?? 'other';
}

/** `/v2/rerank` → `rerank`. */
export function withoutVersion(tail: string): string {
  return tail.replace(/^\/(?:v\d[a-z0-9]*\/)?/, '');
}
