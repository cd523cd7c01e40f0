import { describe, expect, it } from 'vitest';
import { idsInAnswer, idsInBody, idsInPath } from '../../core/forward/object-ids.js';

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

describe('ids', () => {
  it('of a path and its query are what no word of an API is', () => {
    expect(
      idsInPath('/v1/vector_stores/vs_abc123/files/file-XyZ789', 'after=file-00000001&limit=20&order=desc'),
    ).toEqual(['vector_stores', 'vs_abc123', 'file-XyZ789', 'file-00000001']);
  });

  it('of a request stand anywhere in it', () => {
    const body = {
      input_file_id: 'file-abc123',
      tools: [{ tool_resources: { file_search: { vector_store_ids: ['vs_12345678'] } } }],
      n: 3,
    };
    expect(idsInBody(json(body))).toEqual(['file-abc123', 'vs_12345678']);
    expect(idsInBody(Buffer.from('{"broken'))).toEqual([]);
  });

  it('of an answer are its own, those of a list, and the files it names', () => {
    expect(
      idsInAnswer(
        json({ id: 'batch_123456', output_file_id: 'file-out0001', object: 'batch-object', errors: null }),
      ),
    ).toEqual(['batch_123456', 'file-out0001']);
    const listed = {
      object: 'list',
      data: [{ id: 'ftjob-12345', result_files: ['file-res0001'], model: 'gpt-4o-mini' }],
      last_id: 'ftjob-12345',
    };
    expect(idsInAnswer(json(listed))).toEqual(['ftjob-12345', 'file-res0001']);
    expect(idsInAnswer(json(['file-abc123']))).toEqual([]);
  });

  it('of a large body are not looked for', () => {
    expect(idsInAnswer(json({ id: 'file-abc123', text: 'x'.repeat(300_000) }))).toEqual([]);
  });
});
