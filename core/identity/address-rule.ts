import { BlockList, isIP } from 'node:net';
import type { Choice } from '../config/entity.js';
import { parseFetchRule } from '../config/fetch-rule.js';

/** Networks of one list, for both families. */
class Networks {
  // Of its own for each family: Node takes an IPv4 network to hold the IPv6 forms of its addresses too.
  private readonly v4 = new BlockList();
  private readonly v6 = new BlockList();

  constructor(texts: readonly string[]) {
    for (const text of texts) {
      const rule = parseFetchRule(text);
      if (rule?.kind !== 'network') continue;
      if (isIP(rule.address) === 4) this.v4.addSubnet(rule.address, rule.bits, 'ipv4');
      else this.v6.addSubnet(rule.address, rule.bits, 'ipv6');
    }
  }

  has(address: string): boolean {
    const family = isIP(address);
    if (family === 4) return this.v4.check(address, 'ipv4');
    return family === 6 && this.v6.check(address, 'ipv6');
  }
}

/** Where requests may come from. One without an address is from inside the process, and comes from no network. */
export class AddressRule {
  private readonly allowed: Networks | null;
  private readonly denied: Networks;

  constructor({ allowed, denied }: Choice) {
    this.allowed = allowed === null ? null : new Networks(allowed);
    this.denied = new Networks(denied);
  }

  allows(given: string): boolean {
    const address = plainAddress(given);
    return (this.allowed === null || this.allowed.has(address)) && !this.denied.has(address);
  }
}

/** An IPv4 address in its IPv6 form, as a server that listens on both has it, is the IPv4 address. */
function plainAddress(text: string): string {
  const mapped = /^(?:0{1,4}:){5}ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(text);
  if (mapped !== null) {
    const [high, low] = [Number.parseInt(mapped[1]!, 16), Number.parseInt(mapped[2]!, 16)];
    return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  }
  return text.toLowerCase().startsWith('::ffff:') && isIP(text.slice(7)) === 4 ? text.slice(7) : text;
}
