import type { BodyKeeping, S3Settings } from '../../observe/bodies/body-settings.js';
import type { LedgerSql } from '../ledger-sql.js';
import type { BodyPlace } from './body-place.js';
import { FilePlace } from './file-place.js';
import { S3Place } from './s3-place.js';

const KNOWN = 'SELECT word, name FROM body_places ORDER BY word';
const ADD = 'INSERT INTO body_places (word, name) VALUES (?, ?) ON CONFLICT DO NOTHING';
const USED = `SELECT count(*) FROM request_bodies WHERE place LIKE ? AND bytes > 0`;
/** As many places as one database can have had. */
const MOST = 1000;

/** What lies where the configuration no longer says how to get at it. */
export interface Unreachable {
  readonly word: string;
  readonly name: string;
}

interface Place {
  readonly name: string;
  /** Null: it cannot be asked. */
  readonly at: BodyPlace | null;
}

/**
 * All places where bodies lie: the one that is configured, and those that were before. The database remembers them by name, and what a
 * body's own place begins with says which of them it is. Folders are read and emptied for as long as they are there; of S3 the
 * secret is not remembered, so that a storage that was left must be configured as an earlier one.
 */
export class BodyPlaces {
  private readonly places = new Map<string, Place>();
  /** Null: bodies lie in the store. */
  private chosen: Promise<BodyPlace | null> | null = null;

  constructor(
    private readonly db: LedgerSql,
    private readonly settings: Pick<BodyKeeping, 'folder' | 's3' | 'earlierS3'>,
    private readonly now?: () => number,
  ) {}

  /** Where bodies are put now; null: into the store. Rejects when the database refuses. */
  current(): Promise<BodyPlace | null> {
    this.chosen ??= this.choose().catch((error) => {
      this.chosen = null;
      throw error;
    });
    return this.chosen;
  }

  /** Where it may lie, the likeliest first: a folder may have been moved. Throws when none of that can be asked. */
  async of(place: string): Promise<BodyPlace[]> {
    const word = wordOf(place);
    if (!this.places.has(word)) await this.look();
    const own = this.places.get(word);
    const others = kindOf(word) === 'file' ? this.folders().filter((one) => one !== own?.at) : [];
    const all = [own?.at ?? null, ...others].filter((one) => one !== null);
    if (all.length === 0)
      throw new Error(
        `the bodies lie in ${own?.name ?? 'a place that is not known'}, where observability.log_bodies does not point any more`,
      );
    return all;
  }

  /** The place whose word that is; null when it cannot be asked. */
  at(word: string): BodyPlace | null {
    return this.places.get(word)?.at ?? null;
  }

  folders(): FilePlace[] {
    return [...this.places.values()].map(({ at }) => at).filter((at) => at instanceof FilePlace);
  }

  /** Also those that other nodes have come to use meanwhile. Resolves to those that cannot be asked. */
  async look(): Promise<Unreachable[]> {
    await this.current();
    for (const [word, name] of (await this.db.all(KNOWN)) as [string, string][])
      if (!this.places.has(word)) this.places.set(word, { name, at: this.reach(word, name) });
    return [...this.places].flatMap(([word, { name, at }]) => (at === null ? [{ word, name }] : []));
  }

  /** Bodies that lie there. */
  async countIn(word: string): Promise<number> {
    const [row] = await this.db.all(USED, [`${word}%`]);
    return Number(row?.[0] ?? 0);
  }

  async close(): Promise<void> {
    await Promise.all([...this.places.values()].map(({ at }) => at?.close()));
  }

  private async choose(): Promise<BodyPlace | null> {
    const { folder, s3 } = this.settings;
    if (s3 !== null) return this.register('s3', nameOf(s3));
    return folder === null ? null : this.register('file', folderName(folder));
  }

  /** Of two nodes that use a place for the first time both get the same word. */
  private async register(kind: 'file' | 's3', name: string): Promise<BodyPlace | null> {
    for (let number = 1; number < MOST; number++) {
      const rows = (await this.db.all(KNOWN)) as [string, string][];
      const [word] = rows.find((row) => row[1] === name) ?? [];
      if (word !== undefined) {
        const at = this.reach(word, name);
        this.places.set(word, { name, at });
        return at;
      }
      const next = number === 1 ? `${kind}:` : `${kind}@${number}:`;
      if (!rows.some((row) => row[0] === next)) await this.db.run(ADD, [next, name]);
    }
    throw new Error('too many places of bodies are remembered');
  }

  private reach(word: string, name: string): BodyPlace | null {
    const { s3, earlierS3 } = this.settings;
    const { now } = this;
    if (kindOf(word) === 'file') return new FilePlace(name.slice(FOLDER.length), now, word);
    const found = [s3, ...earlierS3].find((one) => one !== null && nameOf(one) === name);
    return found === undefined || found === null ? null : new S3Place(found, now, word);
  }
}

const FOLDER = 'the folder ';

function folderName(folder: string): string {
  return `${FOLDER}${folder}`;
}

/** Names of buckets are unique in all of AWS. */
function nameOf({ bucket, endpoint }: S3Settings): string {
  return `the bucket ${bucket}${endpoint === null ? '' : ` at ${endpoint.replace(/\/$/, '')}`}`;
}

/** What a place begins with: `file:`, `file@2:`, `s3:`; '' in the store. */
export function wordOf(place: string): string {
  return place.slice(0, place.indexOf(':') + 1);
}

function kindOf(word: string): string {
  return word.replace(/(@\d+)?:$/, '');
}
