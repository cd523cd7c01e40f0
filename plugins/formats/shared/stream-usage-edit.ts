import type { FieldEdit, ScannedFields } from '@headgate/sdk';
import { scannedJson } from './scanned-field.js';

const ASKED: FieldEdit = { field: 'stream_options', json: '{"include_usage":true}' };

/**
 * The edit that makes an OpenAI-like stream carry its usage, or undefined when the client asked already, or wrote
 * something that only the provider should judge.
 */
export function usageEdit(fields: ScannedFields): FieldEdit | undefined {
  const json = fields.json('stream_options');
  if (json === undefined || json === 'null') return ASKED;
  const options = scannedJson(json);
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return undefined;
  if ((options as Record<string, unknown>)['include_usage'] === true) return undefined;
  return { field: 'stream_options', json: JSON.stringify({ ...options, include_usage: true }) };
}
