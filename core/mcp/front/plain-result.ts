import type { JsonObject, ToolResult } from '@headgate/sdk';
import { isObject } from '../json-object.js';
import { OURS } from './plain-call.js';
import { SERVER_INFO } from './server-info.js';

const FIELDS = ['content', 'structuredContent', 'isError', '_meta'];

/** Whether it can be told as it is: what is not is for the protocol library, which knows what to make of it. */
export function isPlainResult(result: ToolResult): boolean {
  const { content, structuredContent, isError, _meta } = result as JsonObject;
  for (const name in result) if (!FIELDS.includes(name)) return false;
  if (!Array.isArray(content) || !content.every(isPlainContent)) return false;
  if (structuredContent !== undefined && !isObject(structuredContent)) return false;
  if (isError !== undefined && typeof isError !== 'boolean') return false;
  return _meta === undefined || isObject(_meta);
}

function isPlainContent(one: unknown): boolean {
  if (!isObject(one)) return false;
  const { type, text, data, mimeType, annotations, _meta } = one;
  if (annotations !== undefined || (_meta !== undefined && !isObject(_meta))) return false;
  if (type === 'text') return typeof text === 'string';
  return (type === 'image' || type === 'audio') && typeof data === 'string' && typeof mimeType === 'string';
}

/** The answer to a call as the protocol has it. @param newest the revision without sessions says more */
export function answerTo(id: string | number, result: ToolResult, newest: boolean): Uint8Array {
  const told = newest
    ? {
        ...result,
        resultType: 'complete',
        _meta: { ...(result['_meta'] as JsonObject | undefined), [`${OURS}serverInfo`]: SERVER_INFO },
      }
    : result;
  return Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, result: told }));
}
