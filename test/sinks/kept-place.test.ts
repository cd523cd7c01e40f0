import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeptPlace } from '../../core/sinks/kept-place.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'headgate-place-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const kept = (): KeptPlace => new KeptPlace(dir, 'main');

describe('how far a sink has got', () => {
  it('is there after a restart, whichever way it went on', () => {
    const place = kept();
    for (const [segment, offset] of [
      ['', 0],
      ['0001.spool', 7],
      ['0001.spool', 999_999_999_999],
      ['0001.spool', 8],
      ['0002-longer.spool', 1],
      ['3.spool', 12],
    ] as const) {
      place.write({ segment, offset });
      expect(kept().read()).toEqual({ segment, offset });
    }
    expect(readdirSync(dir)).toEqual(['main.place']);
  });

  it('is read as earlier versions wrote it, and goes on from there', () => {
    writeFileSync(join(dir, 'main.place'), '42 0001.spool\n');
    const place = kept();
    expect(place.read()).toEqual({ segment: '0001.spool', offset: 42 });
    place.write({ segment: '0001.spool', offset: 43 });
    expect(kept().read()).toEqual({ segment: '0001.spool', offset: 43 });
  });

  it('is not known when the file makes no sense', () => {
    const place = kept();
    place.write({ segment: '0001.spool', offset: 5 });
    const text = readFileSync(join(dir, 'main.place'), 'utf8');
    for (const wrong of ['', text.slice(0, -1), text.slice(4, 8), 'x'.repeat(40)]) {
      writeFileSync(join(dir, 'main.place'), wrong);
      expect(kept().read()).toBeNull();
    }
  });
});
