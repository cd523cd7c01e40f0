import { describe, expect, it } from 'vitest';
import { ByteHold } from '../../core/wire/byte-hold.js';

describe('ByteHold', () => {
  it('gives back in one piece what was put in in many, and is empty then', () => {
    const hold = new ByteHold();
    const chunk = Buffer.from('abcdef');
    for (let i = 0; i < 2000; i++) hold.append(chunk, 1, 4);
    expect(hold.length).toBe(6000);
    expect(hold.lastBytes(4).toString()).toBe('dbcd');
    expect(hold.take().toString()).toBe('bcd'.repeat(2000));
    expect(hold.length).toBe(0);
    expect(hold.lastBytes(4).length).toBe(0);
  });

  it('joins what it holds with the start of a chunk, in bytes that it does not touch again', () => {
    const hold = new ByteHold();
    hold.append(Buffer.from('ab'), 0, 2);
    const joined = hold.takeWith(Buffer.from('cdef'), 2);
    hold.append(Buffer.from('xyz'), 0, 3);
    expect(joined.toString()).toBe('abcd');
    expect(hold.take().toString()).toBe('xyz');
  });

  it('does not keep the storage of something huge', () => {
    const hold = new ByteHold();
    hold.append(Buffer.alloc(1_000_000), 0, 1_000_000);
    hold.take();
    hold.append(Buffer.from('a'), 0, 1);
    expect(hold.lastBytes(1).buffer.byteLength).toBeLessThan(10_000);
  });
});
