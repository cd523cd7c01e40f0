import type { InForce } from './admin/definitions/in-force.js';
import type { Config } from './config/config.js';
import type { LayeredConfig } from './plugin/load-config.js';
import type { LogLine } from './plugin/logger.js';
import type { StoredEntity } from './store/control/entity-rows.js';

/** The I/O threads, as far as configurations go. */
export interface Applying {
  /** All threads make ready for it, or this throws. Nothing is in use before a commit. */
  prepare(config: Config): Promise<void>;
  /** It was made ready before. */
  commit(config: Config): Promise<void>;
}

/** What is asked of the next configuration; what is left out stays as it is. */
export interface Next {
  readonly file?: LayeredConfig;
  /** What the store defines. */
  readonly rows?: readonly StoredEntity[];
  readonly storedRules?: boolean;
}

/**
 * The configuration in use: the file's, and over it what the store defines. One after the other, whoever changes it. What of the
 * store cannot be used with the file is out of force and says why; the file by itself must be right.
 */
export class LiveConfig {
  private file: LayeredConfig;
  private rows: readonly StoredEntity[] = [];
  private storedRules = false;
  private now: InForce;
  private running: Promise<unknown> = Promise.resolve();
  private started = false;

  constructor(
    loaded: LayeredConfig,
    private readonly io: Applying,
    private readonly log: LogLine,
  ) {
    this.file = loaded;
    this.now = { loaded, out: new Map() };
  }

  /** In use. */
  get config(): Config {
    return this.now.loaded.config;
  }

  /** In use, with what was said about it when it was read. */
  get loaded(): LayeredConfig {
    return this.now.loaded;
  }

  /** What the file says, before variables are replaced. */
  get written(): LayeredConfig['written'] {
    return this.file.written;
  }

  /** Why something of the store is not in force; undefined when it is. */
  outOfForce(key: string): string | undefined {
    return this.now.out.get(key);
  }

  /** That something of the store is not in force, for people who may not know what. */
  get notes(): string[] {
    const { size } = this.now.out;
    if (size === 0) return [];
    return [
      `${size} of what the store defines ${size === 1 ? 'is' : 'are'} not in force; the log and the admin API say which and why`,
    ];
  }

  /** Takes the first configuration into use. */
  async start(): Promise<void> {
    this.started = true;
    await this.use({});
  }

  /** Resolves when it is in use in all threads. Rejects, and changes nothing, when the file cannot be used. */
  use(next: Next): Promise<void> {
    // Until the start nobody waits for it.
    if (!this.started) {
      this.take(next);
      return Promise.resolve();
    }
    return this.inTurn(() => this.apply(next));
  }

  /**
   * Makes all threads ready for a configuration with these definitions, and leaves it at that.
   *
   * @param asked what is changed, by `definitionKey`
   * @returns why it cannot be used: what was asked for, and what was in force and would no longer be
   */
  try(rows: readonly StoredEntity[], asked: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
    return this.inTurn(async () => {
      const { newlyOut } = await import('./admin/definitions/in-force.js');
      const next = await this.resolve(this.file, rows);
      const wrong = newlyOut(next, this.now, asked);
      if (wrong.size > 0) return wrong;
      try {
        await this.io.prepare({ ...next.loaded.config, storedRules: this.storedRules });
        return wrong;
      } catch (error) {
        return new Map([...asked].map((key) => [key, textOf(error)]));
      }
    });
  }

  private async apply(next: Next): Promise<void> {
    const file = next.file ?? this.file;
    const rows = next.rows ?? this.rows;
    const storedRules = next.storedRules ?? this.storedRules;
    let resolved = await this.resolve(file, rows);
    const ready = ({ loaded }: InForce) => this.io.prepare({ ...loaded.config, storedRules });
    try {
      await ready(resolved);
    } catch (error) {
      // Which one it is cannot be told here; plugins are what fails beyond what can be checked.
      const suspects = rows.filter(({ kind }) => kind === 'plugin');
      if (suspects.length === 0) throw error;
      const refused = new Map(suspects.map(({ kind, id }) => [`${kind}:${id}`, textOf(error)]));
      resolved = await this.resolve(file, rows, refused);
      await ready(resolved);
    }
    await this.io.commit(resolved.loaded.config);
    this.take(next);
    this.tell(resolved);
    this.now = resolved;
  }

  private take({ file = this.file, rows = this.rows, storedRules = this.storedRules }: Next): void {
    this.file = file;
    this.rows = rows;
    this.storedRules = storedRules;
  }

  /** What it takes is loaded by those who have something stored. */
  private async resolve(
    file: LayeredConfig,
    rows: readonly StoredEntity[],
    refused?: ReadonlyMap<string, string>,
  ): Promise<InForce> {
    if (rows.length === 0) return { loaded: file, out: new Map() };
    const { inForce } = await import('./admin/definitions/in-force.js');
    return inForce(file, rows, refused);
  }

  private tell({ out }: InForce): void {
    for (const [key, why] of out)
      if (this.now.out.get(key) !== why)
        this.log('warn', 'something in the store is not in force', { what: words(key), why });
    for (const key of this.now.out.keys())
      if (!out.has(key))
        this.log('info', 'something in the store is in force again, or gone', { what: words(key) });
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.running.then(work);
    this.running = done.catch(() => {});
    return done;
  }
}

/** `provider:openai` as `provider "openai"`. */
function words(key: string): string {
  const colon = key.indexOf(':');
  return `${key.slice(0, colon)} "${key.slice(colon + 1)}"`;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
