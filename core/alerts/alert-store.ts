import type { Statements } from '../store/ledger-sql.js';
import type { KeptAlert, Silence } from './alert-book.js';
import type { Condition } from './conditions.js';
import type { Waiting } from './outbox.js';

/** What the node that tells of alerts knows. */
export interface AlertState {
  readonly alerts: readonly KeptAlert[];
  readonly outbox: readonly Waiting[];
}

/** With who has written it. */
export interface KeptState extends AlertState {
  readonly by: string;
}

/** Who has the lease has it for so many looks; it is renewed at each. What a node has found counts for one more. */
const LEASE_LOOKS = 3;

/**
 * What is kept of alerts in the ledger's database, by which nodes that share it agree who of them tells: one row for each, its value
 * JSON, with a moment until which it holds where it has one. The table is made by the first who has rules.
 */
export class AlertStore {
  private made: Promise<unknown> | null = null;

  constructor(
    private readonly sql: Statements,
    private readonly node: string,
    /** Rules are looked at so often. */
    private readonly everyMs: number,
  ) {}

  /** Whether this node is the one that tells, from now on for a while. */
  async lead(now: number): Promise<boolean> {
    await this.table();
    const rows = await this.sql.run(
      `INSERT INTO alert_state (name, value, until_ms) VALUES ('lease', ?, ?)
       ON CONFLICT (name) DO UPDATE SET value = excluded.value, until_ms = excluded.until_ms
       WHERE alert_state.until_ms < ? OR alert_state.value = ?`,
      [JSON.stringify(this.node), now + LEASE_LOOKS * this.everyMs, now, JSON.stringify(this.node)],
    );
    return rows > 0;
  }

  /** Lets another one lead at once. */
  async resign(): Promise<void> {
    await this.sql.run("DELETE FROM alert_state WHERE name = 'lease' AND value = ?", [
      JSON.stringify(this.node),
    ]);
  }

  /** Tells the one that leads what this node has found. */
  async report(found: readonly Condition[], unsure: readonly string[], now: number): Promise<void> {
    await this.table();
    await this.put(`node:${this.node}`, { found, unsure }, now + (LEASE_LOOKS + 1) * this.everyMs);
  }

  /** What all nodes have found. */
  async found(now: number): Promise<{ found: Condition[]; unsure: Set<string> }> {
    const rows = await this.sql.all(
      "SELECT value FROM alert_state WHERE name LIKE 'node:%' AND until_ms >= ?",
      [now],
    );
    const said = rows.map(([value]) => JSON.parse(String(value)) as { found: Condition[]; unsure: string[] });
    return {
      found: said.flatMap(({ found }) => found),
      unsure: new Set(said.flatMap(({ unsure }) => unsure)),
    };
  }

  async state(): Promise<KeptState> {
    await this.table();
    return { by: '', alerts: [], outbox: [], ...(await this.get<Partial<KeptState>>('state')) };
  }

  async keep({ alerts, outbox }: AlertState): Promise<void> {
    await this.put('state', { by: this.node, alerts, outbox }, 0);
  }

  /** Leaves what this node has told without the database to the one that leads. */
  async handOver({ alerts, outbox }: AlertState, now: number): Promise<void> {
    await this.put(`alone:${this.node} ${now}`, { alerts, outbox }, 0);
  }

  /** What nodes have told without the database, each once. */
  async takeOver(): Promise<AlertState[]> {
    const rows = await this.sql.all("SELECT name, value FROM alert_state WHERE name LIKE 'alone:%'");
    const taken: AlertState[] = [];
    for (const [name, value] of rows) {
      const [which, what] = [String(name), String(value)];
      // What was written anew meanwhile is taken the next time.
      const gone = await this.sql.run('DELETE FROM alert_state WHERE name = ? AND value = ?', [which, what]);
      if (gone > 0) taken.push(JSON.parse(what) as AlertState);
    }
    return taken;
  }

  /** Those that hold. */
  async silences(now: number): Promise<Silence[]> {
    await this.table();
    const rows = await this.sql.all(
      "SELECT value FROM alert_state WHERE name LIKE 'silence:%' AND until_ms > ?",
      [now],
    );
    return rows.map(([value]) => JSON.parse(String(value)) as Silence);
  }

  async silence(one: Silence, now: number): Promise<void> {
    await this.table();
    await this.put(`silence:${one.id}`, one, one.untilMs);
    await this.sql.run(
      "DELETE FROM alert_state WHERE (name LIKE 'silence:%' OR name LIKE 'node:%') AND until_ms < ?",
      [now - 86_400_000],
    );
  }

  /** False: there was none. */
  async unsilence(id: string): Promise<boolean> {
    await this.table();
    return (await this.sql.run('DELETE FROM alert_state WHERE name = ?', [`silence:${id}`])) > 0;
  }

  private table(): Promise<unknown> {
    this.made ??= this.sql
      .run(
        'CREATE TABLE IF NOT EXISTS alert_state (name TEXT PRIMARY KEY, value TEXT NOT NULL, until_ms BIGINT NOT NULL)',
      )
      // Of two nodes that make it at once, Postgres refuses one: it is there then.
      .catch((error) =>
        this.sql.all('SELECT 1 FROM alert_state LIMIT 1').catch(() => {
          this.made = null;
          throw error;
        }),
      );
    return this.made;
  }

  private async get<T>(name: string): Promise<T | null> {
    const [row] = await this.sql.all('SELECT value FROM alert_state WHERE name = ?', [name]);
    return row === undefined ? null : (JSON.parse(String(row[0])) as T);
  }

  private async put(name: string, value: object, untilMs: number): Promise<void> {
    await this.sql.run(
      `INSERT INTO alert_state (name, value, until_ms) VALUES (?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET value = excluded.value, until_ms = excluded.until_ms`,
      [name, JSON.stringify(value), untilMs],
    );
  }
}
