import type { HeaderList } from '@headgate/sdk';

/** undici's raw header buffers as a flat list with lower-case names. */
export function headerList(raw: readonly Buffer[]): HeaderList {
  const list: HeaderList = new Array(raw.length);
  for (let i = 0; i + 1 < raw.length; i += 2) {
    list[i] = (raw[i] as Buffer).toString('latin1').toLowerCase();
    list[i + 1] = (raw[i + 1] as Buffer).toString('latin1');
  }
  return list;
}
