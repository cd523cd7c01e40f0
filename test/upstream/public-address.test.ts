import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPublicAddress } from '../../core/upstream/public-address.js';

const dotted = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
const groups = (value: bigint): string[] =>
  Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));

/** The ways in which people write one IPv6 address. */
function spellings(value: bigint): string[] {
  const all = groups(value);
  const long = all.map((group) => group.padStart(4, '0')).join(':');
  const short = new URL(`http://[${all.join(':')}]/`).hostname.slice(1, -1);
  const tail = dotted(Number(value & 0xffffffffn));
  return [long, long.toUpperCase(), all.join(':'), short, `${all.slice(0, 6).join(':')}:${tail}`];
}

/** First address and prefix length of a network, as numbers. */
type Net<T> = readonly [first: T, bits: number];
const v4 = (text: string): number => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const within4 = ([first, bits]: Net<number>) => fc.integer({ min: first, max: first + 2 ** (32 - bits) - 1 });
const within6 = ([first, bits]: Net<bigint>) =>
  fc.bigInt({ min: first, max: first + (1n << BigInt(128 - bits)) - 1n });

const PRIVATE4: Net<number>[] = [
  [v4('0.0.0.0'), 8],
  [v4('10.0.0.0'), 8],
  [v4('100.64.0.0'), 10],
  [v4('127.0.0.0'), 8],
  [v4('169.254.0.0'), 16],
  [v4('172.16.0.0'), 12],
  [v4('192.168.0.0'), 16],
  [v4('198.18.0.0'), 15],
  [v4('224.0.0.0'), 3],
];
const PRIVATE6: Net<bigint>[] = [
  [0n, 8], // unspecified, loopback, compatible, mapped, translated
  [0x64ff9bn << 96n, 96], // NAT64
  [0x64ff9b0001n << 80n, 48], // NAT64 of one's own
  [0x0100n << 112n, 64], // discard
  [0x2001n << 112n, 32], // Teredo
  [0x2002n << 112n, 16], // 6to4
  [0x20010db8n << 96n, 32], // documentation
  [0xfcn << 120n, 7], // unique local
  [0xfe80n << 112n, 10], // link-local
  [0xfec0n << 112n, 10], // site-local
  [0xffn << 120n, 8], // multicast
];

describe('a public address', () => {
  it('is none of the private IPv4 networks', () => {
    const address = fc.oneof(...PRIVATE4.map(within4)).map(dotted);
    fc.assert(
      fc.property(address, (text) => void expect([text, isPublicAddress(text)]).toEqual([text, false])),
    );
  });

  it('is none of the private IPv6 networks, however it is spelled', () => {
    fc.assert(
      fc.property(fc.oneof(...PRIVATE6.map(within6)), (value) => {
        for (const text of spellings(value)) {
          expect(isIPv6(text), text).toBe(true);
          expect([text, isPublicAddress(text)]).toEqual([text, false]);
        }
      }),
    );
  });

  // A router, a NAT64 gateway or the system itself unpacks these: the packet would arrive at the IPv4 address.
  it('is no IPv6 address that carries an IPv4 address, private or not', () => {
    const carriers: ((inside: bigint, random: bigint) => bigint)[] = [
      (inside) => (0xffffn << 32n) | inside, // mapped
      (inside) => inside, // compatible
      (inside) => (0xffff0000n << 32n) | inside, // translated (SIIT)
      (inside) => (0x64ff9bn << 96n) | inside,
      (inside, random) => (0x64ff9b0001n << 80n) | ((random & 0xffffffffffffn) << 32n) | inside,
      (inside, random) => (0x2002n << 112n) | (inside << 80n) | (random & ((1n << 80n) - 1n)),
      (inside, random) => (0x2001n << 112n) | ((random & ((1n << 64n) - 1n)) << 32n) | (inside ^ 0xffffffffn),
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...carriers),
        fc.oneof(
          fc.bigInt({ min: 0n, max: 0xffffffffn }),
          ...PRIVATE4.map((net) => within4(net).map(BigInt)),
        ),
        fc.bigInt({ min: 0n, max: (1n << 80n) - 1n }),
        (carry, inside, random) => {
          for (const text of spellings(carry(inside, random))) {
            expect([text, isPublicAddress(text)]).toEqual([text, false]);
          }
        },
      ),
    );
  });

  it('is nothing that is no address', () => {
    fc.assert(fc.property(fc.string(), (text) => void expect(isPublicAddress(`${text} `)).toBe(false)));
    for (const text of ['', 'localhost', '2130706433', '127.1', 'fe80::1%eth0', '127.0.0.1%lo'])
      expect([text, isPublicAddress(text)]).toEqual([text, false]);
  });

  it('is every other one: the hosts of the Internet can be reached', () => {
    const known = ['1.1.1.1', '8.8.8.8', '93.184.216.34', '172.15.255.255', '172.32.0.0', '100.63.255.255'];
    const known6 = ['2606:4700:4700::1111', '2001:4860:4860::8888', '2a00:1450:4001::200e', '2400:cb00::1'];
    for (const text of [...known, ...known6]) expect([text, isPublicAddress(text)]).toEqual([text, true]);
    // Whole provider networks that no special network overlaps.
    const nets: Net<bigint>[] = [
      [0x2600n << 112n, 12],
      [0x2a00n << 112n, 12],
      [0x2400n << 112n, 12],
    ];
    fc.assert(
      fc.property(fc.oneof(...nets.map(within6)), (value) => {
        for (const text of spellings(value)) expect([text, isPublicAddress(text)]).toEqual([text, true]);
      }),
    );
    const public4 = fc.oneof(
      within4([v4('1.0.0.0'), 8]),
      within4([v4('52.0.0.0'), 8]),
      within4([v4('142.250.0.0'), 15]),
    );
    fc.assert(fc.property(public4.map(dotted), (text) => void expect(isPublicAddress(text)).toBe(true)));
  });
});
