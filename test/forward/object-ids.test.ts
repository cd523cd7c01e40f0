import { describe, expect, it } from 'vitest';
import {
  answeredObject,
  cursorsIn,
  entriesOf,
  idsIn,
  idsInBody,
  idsInPath,
  objectId,
  ownIdsIn,
} from '../../core/forward/object-ids.js';

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

  it('of a path are read as a provider reads them', () => {
    expect(idsInPath('/v1/files/%66ile-abc123', '')).toEqual(['file-abc123']);
    expect(idsInPath('/v1/files/%zz', '')).toEqual([]);
  });

  it('of a request are found whatever is put around them', () => {
    const padded = {
      padding: 'x'.repeat(400_000),
      names: Array(200).fill('some-name'),
      a: { b: 'file-abc123' },
    };
    expect(idsInBody(json(padded))).toEqual(['some-name', 'file-abc123']);
  });

  it('of an answer are its own and those it names; its files are its own', () => {
    const batch = {
      id: 'batch_123456',
      output_file_id: 'file-out0001',
      organization_id: 'org-123456',
      errors: null,
    };
    expect(idsIn(batch)).toEqual(['batch_123456', 'file-out0001', 'org-123456']);
    expect(ownIdsIn(batch)).toEqual(['batch_123456', 'file-out0001']);
    expect(ownIdsIn({ id: 'upload_1234', file: { id: 'file-done001' } })).toEqual([
      'upload_1234',
      'file-done001',
    ]);
    const job = { id: 'ftjob-12345', result_files: ['file-res0001'], model: 'gpt-4o-mini' };
    expect(entriesOf({ data: [job], last_id: 'ftjob-12345' })).toEqual({ member: 'data', entries: [job] });
    expect(ownIdsIn(job)).toEqual(['ftjob-12345', 'file-res0001']);
    expect(answeredObject(json(['file-abc123']))).toBeNull();
  });

  it('of Google are names', () => {
    const file = {
      name: 'files/abcdefgh',
      uri: 'https://generativelanguage.googleapis.com/v1beta/files/abcdefgh',
    };
    expect(ownIdsIn({ file })).toEqual(['files/abcdefgh']);
    expect(ownIdsIn(file)).toEqual(['files/abcdefgh']);
    expect(objectId(file.uri)).toBe('files/abcdefgh');
    expect(objectId('https://example.com/cat.png')).toBe('https://example.com/cat.png');
    expect(idsInPath('/v1beta/files/abcdefgh:download', '')).toEqual(['files/abcdefgh']);
    expect(entriesOf({ files: [file] })).toEqual({ member: 'files', entries: [file] });
    const [id] = idsInPath('/upload/v1beta/files', `upload_id=${'x'.repeat(300)}`);
    expect(id).toMatch(/^upload [0-9a-f]{32}$/);
  });

  it('of a query are places in a list, or objects', () => {
    expect(cursorsIn('after=file-1&purpose=batch&after_id=msgbatch_1')).toEqual(['file-1', 'msgbatch_1']);
  });
});
