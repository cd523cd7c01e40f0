import { describe, expect, it } from 'vitest';
import { bearer } from '../../plugins/providers/signers/bearer.js';
import { header } from '../../plugins/providers/signers/header.js';
import { none } from '../../plugins/providers/signers/none.js';

describe('signers', () => {
  it('bearer puts the key behind the scheme’s name', () => {
    expect(bearer.fixed?.('sk-1', {})).toEqual(['authorization', 'Bearer sk-1']);
  });

  it('header puts the bare key into the named header, in lower case', () => {
    expect(header.fixed?.('sk-ant-1', { header: 'X-Api-Key' })).toEqual(['x-api-key', 'sk-ant-1']);
  });

  it('header refuses to guess the header’s name', () => {
    expect(() => header.fixed?.('secret', {})).toThrow(/signerOptions\.header/);
    expect(() => header.fixed?.('secret', {})).not.toThrow(/secret/);
  });

  it('none adds nothing', () => {
    expect(none.fixed).toBeUndefined();
    expect(none.sign).toBeUndefined();
  });
});
