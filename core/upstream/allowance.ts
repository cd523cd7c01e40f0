import { BlockList, isIP } from 'node:net';
import type { FetchRule } from '../config/fetch-rule.js';
import { isPublicAddress } from './public-address.js';

/** Where plugins may fetch from: public addresses, and what the operator allows beside them. */
export class Allowance {
  private readonly hosts = new Set<string>();
  // Of its own for each family: Node takes an IPv4 network to hold the IPv6 forms of its addresses too.
  private readonly networks4 = new BlockList();
  private readonly networks6 = new BlockList();

  constructor(rules: readonly FetchRule[]) {
    for (const rule of rules) {
      if (rule.kind === 'host') this.hosts.add(rule.host);
      else if (isIP(rule.address) === 4) this.networks4.addSubnet(rule.address, rule.bits, 'ipv4');
      else this.networks6.addSubnet(rule.address, rule.bits, 'ipv6');
    }
  }

  /** By its name alone, whatever address it has. */
  allowsName(host: string): boolean {
    return this.hosts.has(host.toLowerCase().replace(/\.$/, ''));
  }

  allowsAddress(address: string): boolean {
    return isPublicAddress(address) || this.namesAddress(address);
  }

  /** It is among the networks that are named, public or not. */
  namesAddress(address: string): boolean {
    const family = isIP(address);
    if (family === 4) return this.networks4.check(address, 'ipv4');
    return family === 6 && this.networks6.check(address, 'ipv6');
  }
}
