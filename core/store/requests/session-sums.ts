import type { TimeRange } from '../request-reader.js';
import type { RequestSearch } from './request-search.js';
import type { SearchColumns, SearchField } from './search-columns.js';
import type { SearchFilter } from './search-query.js';
import type { OpenUnit, RecordPlace } from './search-units.js';

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
  /** Somebody has called it so. */
  named: boolean;
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
  /** Where its requests lie; null when nobody asks. */
  places: (RecordPlace & { time: number })[] | null;
}

export interface SessionFound {
  readonly sums: SessionSums;
  /** Of its requests, the latest first. */
  readonly places: readonly RecordPlace[];
}

const COUNTED = [
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
type Counted = (typeof COUNTED)[number];

/** Puts together what belongs to one conversation: by the session that clients name, or by what each answer goes on from. */
class Grouping {
  /** What a name leads to: another name of the same conversation, nearer to its root. */
  private readonly leads = new Map<string, string>();
  private readonly drafts = new Map<string, Draft>();

  constructor(private readonly withPlaces: boolean) {}

  /** What is done with each row of a unit. */
  async begin(open: OpenUnit): Promise<(row: number) => void> {
    const keys = await open.load(['session', 'answerId', 'continues']);
    const { session, answerId, continues } = keys;
    if ([session, answerId, continues].every((column) => column.same && !(column.at(0) as string)))
      return () => {};
    const [columns, placeOf] = await Promise.all([open.load(COUNTED), open.places()]);
    return (row) => {
      const named = session.at(row);
      const answer = answerId.at(row);
      const before = continues.at(row);
      if (named === '' && answer === '' && before === '') return;
      const place = placeOf(row);
      if (place === null) return;
      const draft = this.draftOf(named, answer, before);
      if (!draft.named && columns.time.at(row) < draft.firstMs) draft.id = before || answer;
      this.count(draft, columns, row, place);
    };
  }

  private draftOf(named: string, answer: string, before: string): Draft {
    if (answer === '' && before === '') return this.draft(this.root(`s ${named}`), named, true);
    const names = [named === '' ? '' : `s ${named}`, answer, before].filter((name) => name !== '');
    const root = this.root(names[0] as string);
    for (const name of names.slice(1)) this.join(root, name);
    return this.draft(this.root(root), named || before || answer, named !== '');
  }

  /** Whole conversations, the latest first. */
  sessions(): Draft[] {
    const whole = new Map<string, Draft>();
    for (const [name, draft] of this.drafts) {
      const root = this.root(name);
      const known = whole.get(root);
      if (known === undefined) whole.set(root, draft);
      else merge(known, draft);
    }
    // An answer that nothing goes on from is no conversation.
    return [...whole.values()].filter(({ named, requests }) => named || requests > 1).sort(byLast);
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

  private draft(root: string, id: string, named: boolean): Draft {
    let draft = this.drafts.get(root);
    if (draft === undefined) {
      const numbers = { requests: 0, errors: 0, inputTokens: 0, outputTokens: 0, costNano: 0 };
      draft = {
        id,
        named,
        ...numbers,
        firstMs: Number.POSITIVE_INFINITY,
        lastMs: Number.NEGATIVE_INFINITY,
        models: [],
        keyNames: [],
        users: [],
        customers: [],
        places: this.withPlaces ? [] : null,
      };
      this.drafts.set(root, draft);
    }
    if (named) {
      draft.id = id;
      draft.named = true;
    }
    return draft;
  }

  private count(draft: Draft, columns: Pick<SearchColumns, Counted>, row: number, place: RecordPlace): void {
    const time = columns.time.at(row);
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
    draft.places?.push({ ...place, time });
  }
}

function note(names: string[], name: string): void {
  if (name !== '' && names.length < MOST_NAMES && !names.includes(name)) names.push(name);
}

function merge(into: Draft, other: Draft): void {
  if (other.named || (!into.named && other.firstMs < into.firstMs)) into.id = other.id;
  into.named ||= other.named;
  into.requests += other.requests;
  into.errors += other.errors;
  into.inputTokens += other.inputTokens;
  into.outputTokens += other.outputTokens;
  into.costNano += other.costNano;
  into.firstMs = Math.min(into.firstMs, other.firstMs);
  into.lastMs = Math.max(into.lastMs, other.lastMs);
  for (const field of ['models', 'keyNames', 'users', 'customers'] as const)
    for (const name of other[field]) note(into[field], name);
  into.places?.push(...(other.places ?? []));
}

/** Latest first, and those of one time by their names. */
function byLast(a: Draft, b: Draft): number {
  return b.lastMs - a.lastMs || (a.id < b.id ? 1 : -1);
}

function sumsOf(draft: Draft): SessionSums {
  const { named: _, places: __, ...sums } = draft;
  return sums;
}

/** Conversations with a request in that time, the latest first; their sums are those of that time. */
export async function sessionsIn(
  search: RequestSearch,
  range: TimeRange,
  filter: SearchFilter,
): Promise<SessionSums[]> {
  return search.steadily(async () => {
    const grouping = new Grouping(false);
    await search.each(range, filter, (open) => grouping.begin(open));
    return grouping.sessions().map(sumsOf);
  });
}

/** One of them by its id; null when there is none. */
export async function sessionOf(
  search: RequestSearch,
  id: string,
  range: TimeRange,
  filter: SearchFilter,
): Promise<SessionFound | null> {
  const grouping = new Grouping(true);
  await search.each(range, filter, (open) => grouping.begin(open));
  const draft = grouping.sessions().find((one) => one.id === id);
  if (draft === undefined) return null;
  const places = (draft.places ?? []).sort((a, b) => b.time - a.time);
  return { sums: sumsOf(draft), places };
}
