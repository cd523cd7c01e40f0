import { createHash } from 'node:crypto';
import type { Config } from '../config/config.js';
import type { Kept, Vault, VaultPlace } from '../mcp/hub/auth/vault.js';
import type { Author, ControlStore } from '../store/control/control-store.js';
import type { CredentialRow } from '../store/control/credential-rows.js';
import { CREDENTIAL_KIND, credentialId } from './credential-kind.js';
import { Sealer } from './definitions/sealer.js';
import type { Governance } from './governance.js';

/** Credentials of users for MCP servers, sealed in the store under the key that provider credentials are sealed under. */
export class McpVault implements Vault {
  constructor(
    private readonly governance: Governance,
    private readonly config: () => Config,
  ) {}

  async read(place: VaultPlace): Promise<Kept | null> {
    const row = await (await this.store()).credentials.find(place);
    return row === null ? null : { value: this.open(row), version: row.version };
  }

  async renew(place: VaultPlace, version: number, value: object): Promise<number | null> {
    const { credentials } = await this.store();
    return (await credentials.replace(place, version, this.seal(place, value), Date.now()))
      ? version + 1
      : null;
  }

  async claim(place: VaultPlace, version: number, forMs: number): Promise<boolean> {
    const now = Date.now();
    return (await this.store()).credentials.claim(place, version, now, now + forMs);
  }

  async release(place: VaultPlace, version: number): Promise<void> {
    await (await this.store()).credentials.release(place, version);
  }

  async put(place: VaultPlace, value: object): Promise<void> {
    await (await this.store()).credentials.put(place, this.seal(place, value), Date.now());
  }

  async discard({ server, owner, what }: VaultPlace, version: number): Promise<void> {
    await (await this.store()).credentials.remove({ server, owner, what, version });
  }

  /** Sets it, whatever was there; nodes that know another one forget it. `note` is for the audit. */
  async set(place: VaultPlace, value: object, author: Author): Promise<void> {
    const sealed = this.seal(place, value);
    const { server, owner, what } = place;
    await this.change(author, server, owner, 'set', async ({ credentials, now }) => {
      await credentials.put(place, sealed, now);
      return { kind: what };
    });
  }

  /** Takes away all that an owner has for a server. Resolves to whether there was anything. */
  async remove(server: string, owner: string, author: Author): Promise<boolean> {
    let removed = 0;
    await this.change(author, server, owner, 'remove', async ({ credentials }) => {
      removed = await credentials.remove({ server, owner });
      return { removed: String(removed) };
    });
    return removed > 0;
  }

  /** Without what is in them. */
  async list(of: { owner?: string; server?: string }): Promise<Omit<CredentialRow, 'sealed'>[]> {
    return (await this.store()).credentials.list(of);
  }

  /** Somebody goes to an authorization server, to come back with `state` once. */
  async pend(state: string, value: object, forMs: number): Promise<void> {
    const now = Date.now();
    const name = hashOf(state);
    const sealed = this.sealer.seal(JSON.stringify(value), `mcp pending ${name}`);
    await (await this.store()).credentials.addPending(name, sealed, now, now + forMs);
  }

  /** What was said then; null for what nobody brings, or has brought before, or too late. */
  async takePending(state: string): Promise<object | null> {
    const name = hashOf(state);
    const sealed = await (await this.store()).credentials.takePending(name, Date.now());
    return sealed === null ? null : (JSON.parse(this.sealer.open(sealed, `mcp pending ${name}`)) as object);
  }

  private get sealer(): Sealer {
    return new Sealer(this.config().admin.encryptionKey);
  }

  private seal(place: VaultPlace, value: object): string {
    return this.sealer.seal(JSON.stringify(value), nameOf(place));
  }

  private open(row: CredentialRow): object {
    return JSON.parse(this.sealer.open(row.sealed, nameOf(row))) as object;
  }

  private async store(): Promise<ControlStore> {
    return (await this.governance.open()).store;
  }

  private async change(
    author: Author,
    server: string,
    owner: string,
    action: string,
    work: (writing: Parameters<Parameters<ControlStore['change']>[1]>[0]) => Promise<Record<string, string>>,
  ): Promise<void> {
    const { store, feed } = await this.governance.open();
    await store.change({ actor: author.actor, source: author.source }, async (writing) => {
      const note = await work(writing);
      return {
        action,
        kind: CREDENTIAL_KIND,
        id: credentialId(server, owner),
        before: null,
        after: null,
        note,
      };
    });
    await feed.look();
  }
}

/** What is sealed for one place opens at no other. */
export function nameOf({ server, owner, what }: Pick<CredentialRow, 'server' | 'owner' | 'what'>): string {
  return `mcp ${server} ${owner} ${what}`;
}

function hashOf(state: string): string {
  return createHash('sha256').update(state).digest('base64url');
}
