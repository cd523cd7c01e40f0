import type { SearchColumns, SearchField } from './search-columns.js';
import type { RecordPlace } from './search-units.js';

/** Values of a kind that are told of one session. */
const MOST_NAMES = 16;

/** What the requests of one conversation came to. */
export interface SessionSums {
  /** What clients call it, or the id of the conversation or of the first answer. */
  readonly id: string;
  readonly requests: number;
  readonly errors: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Of those whose cost is known. */
  readonly costNano: number;
  /** Unix milliseconds of the first and the last arrival. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly models: readonly string[];
  readonly keyNames: readonly string[];
  readonly users: readonly string[];
  readonly customers: readonly string[];
}

interface Draft {
  id: string;
  /** When somebody has called it so for the first time; null: nobody has. */
  namedMs: number | null;
  requests: number;
  errors: number;
  inputTokens: number;
  outputTokens: number;
  costNano: number;
  firstMs: number;
  lastMs: number;
  models: string[];
  keyNames: string[];
  users: string[];
  customers: string[];
  places: Placed[];
}

type Placed = RecordPlace & { readonly time: number };

export interface SessionFound {
  readonly sums: SessionSums;
  /** Of its latest requests, the latest first. */
  readonly places: readonly RecordPlace[];
}

/** What is added up. */
export const COUNTED = [
  'time',
  'outcome',
  'inputTokens',
  'outputTokens',
  'costNano',
  'model',
  'keyName',
  'user',
  'customer',
] as const satisfies readonly SearchField[];
export type CountedColumns = Pick<SearchColumns, (typeof COUNTED)[number]>;

/** What a request is called by: its session, its answer, and the answer or conversation that it goes on from; '' for none. */
export interface RowNames {
  readonly session: string;
  readonly answer: string;
  readonly before: string;
}

/** Puts together what belongs to one conversation: by the session that clients name, or by what each answer goes on from. */
export class SessionTotals {
  /** What a name leads to: another name of the same conversation, nearer to its root. */
  private readonly leads = new Map<string, string>();
  private readonly drafts = new Map<string, Draft>();

  /** @param mostPlaces where so many of the latest requests of each lie is remembered */
  constructor(private readonly mostPlaces: number) {}

  count(names: RowNames, columns: CountedColumns, row: number, place: RecordPlace): void {
    const draft = this.draftOf(names);
    const time = columns.time.at(row);
    if (names.session !== '' && (draft.namedMs === null || time < draft.namedMs)) {
      draft.id = names.session;
      draft.namedMs = time;
    }
    if (draft.namedMs === null && time < draft.firstMs) draft.id = names.before || names.answer;
    draft.requests++;
    if (columns.outcome.at(row) === 'error') draft.errors++;
    draft.inputTokens += columns.inputTokens.at(row);
    draft.outputTokens += columns.outputTokens.at(row);
    draft.costNano += columns.costNano.at(row) ?? 0;
    draft.firstMs = Math.min(draft.firstMs, time);
    draft.lastMs = Math.max(draft.lastMs, time);
    note(draft.models, columns.model.at(row));
    note(draft.keyNames, columns.keyName.at(row));
    note(draft.users, columns.user.at(row));
    note(draft.customers, columns.customer.at(row));
    if (this.mostPlaces === 0) return;
    draft.places.push({ ...place, time });
    if (draft.places.length > this.mostPlaces * 2 + 64) draft.places = latest(draft.places, this.mostPlaces);
  }

  /** Whole conversations, the latest first. */
  sessions(): SessionSums[] {
    return [...this.whole().values()].filter(isSession).map(sumsOf).sort(byLast);
  }

  /** That of a session, an answer or a conversation of this name; null when it has no request, or is no conversation. */
  sessionOf(name: string): SessionFound | null {
    const whole = this.whole();
    const draft = whole.get(this.root(sessionKey(name))) ?? whole.get(this.root(name));
    if (draft === undefined || !isSession(draft)) return null;
    return { sums: sumsOf(draft), places: latest(draft.places, this.mostPlaces) };
  }

  private whole(): Map<string, Draft> {
    const whole = new Map<string, Draft>();
    for (const [name, draft] of this.drafts) {
      const root = this.root(name);
      const known = whole.get(root);
      if (known === undefined) whole.set(root, { ...draft });
      else merge(known, draft);
    }
    return whole;
  }

  private draftOf(row: RowNames): Draft {
    const names = keysOf(row);
    const root = this.root(names[0] as string);
    for (const name of names.slice(1)) this.join(root, name);
    const own = this.root(root);
    let draft = this.drafts.get(own);
    if (draft === undefined) this.drafts.set(own, (draft = emptyDraft()));
    return draft;
  }

  private root(name: string): string {
    let at = name;
    for (let next = this.leads.get(at); next !== undefined; next = this.leads.get(at)) at = next;
    if (at !== name) this.leads.set(name, at);
    return at;
  }

  private join(root: string, name: string): void {
    const other = this.root(name);
    const own = this.root(root);
    if (other !== own) this.leads.set(other, own);
  }
}

/** The names that a row has; what clients call a session is told apart from ids of answers. */
export function keysOf({ session, answer, before }: RowNames): string[] {
  const keys: string[] = [];
  if (session !== '') keys.push(sessionKey(session));
  if (answer !== '') keys.push(answer);
  if (before !== '') keys.push(before);
  return keys;
}

function sessionKey(session: string): string {
  return `s ${session}`;
}

function emptyDraft(): Draft {
  const numbers = { requests: 0, errors: 0, inputTokens: 0, outputTokens: 0, costNano: 0 };
  const lists = { models: [], keyNames: [], users: [], customers: [], places: [] };
  const times = { firstMs: Number.POSITIVE_INFINITY, lastMs: Number.NEGATIVE_INFINITY, namedMs: null };
  return { id: '', ...numbers, ...times, ...lists };
}

/** An answer that nothing goes on from is no conversation. */
function isSession({ namedMs, requests }: Draft): boolean {
  return namedMs !== null || requests > 1;
}

function note(names: string[], name: string): void {
  if (name !== '' && names.length < MOST_NAMES && !names.includes(name)) names.push(name);
}

function merge(into: Draft, other: Draft): void {
  const sooner = (other.namedMs ?? Number.POSITIVE_INFINITY) - (into.namedMs ?? Number.POSITIVE_INFINITY);
  if (sooner < 0 || (Number.isNaN(sooner) && other.firstMs < into.firstMs)) into.id = other.id;
  if (sooner < 0) into.namedMs = other.namedMs;
  into.requests += other.requests;
  into.errors += other.errors;
  into.inputTokens += other.inputTokens;
  into.outputTokens += other.outputTokens;
  into.costNano += other.costNano;
  into.firstMs = Math.min(into.firstMs, other.firstMs);
  into.lastMs = Math.max(into.lastMs, other.lastMs);
  for (const field of ['models', 'keyNames', 'users', 'customers'] as const) {
    into[field] = [...into[field]];
    for (const name of other[field]) note(into[field], name);
  }
  into.places = [...into.places, ...other.places];
}

function latest(places: readonly Placed[], most: number): Placed[] {
  return places.toSorted((a, b) => b.time - a.time).slice(0, most);
}

/** Latest first, and those of one time by their names. */
function byLast(a: SessionSums, b: SessionSums): number {
  return b.lastMs - a.lastMs || (a.id < b.id ? 1 : -1);
}

function sumsOf(draft: Draft): SessionSums {
  const { namedMs: _, places: __, ...sums } = draft;
  return sums;
}
