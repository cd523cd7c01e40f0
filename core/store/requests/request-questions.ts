import type { SettledRecord } from '@headgate/sdk';
import type { KeptBodies } from '../bodies/kept-bodies.js';
import type { TimeRange } from '../request-reader.js';
import type { ExportFormat } from './export-format.js';
import type { SearchFilter, SearchPage, SearchPlace, SearchQuery } from './search-query.js';
import type { SessionSums } from './session-sums.js';

/** What can be asked about requests, and what is answered. */
export interface RequestQuestions {
  page: { ask: SearchQuery; answer: SearchPage };
  /** Null when there is none of that id. */
  find: { ask: { readonly id: string }; answer: SettledRecord | null };
  /** What was kept of that request and its answer; null when nothing was. */
  bodies: { ask: { readonly id: string }; answer: KeptBodies | null };
  /** Begins to tell of requests as they settle. `since`: what has settled since that request did comes first. */
  tailBegin: {
    ask: { readonly filter: SearchFilter; readonly since: string | null };
    /** Null when too many listen already. */
    answer: { readonly id: string } | null;
  };
  /** What there is, or what comes within that time. `left`: so many more come after these and are left out. */
  tailNext: {
    ask: { readonly id: string; readonly waitMs: number };
    answer: { readonly records: readonly SettledRecord[]; readonly left: number };
  };
  tailEnd: { ask: { readonly id: string }; answer: null };
  exportBegin: {
    ask: { readonly filter: SearchFilter; readonly range: TimeRange; readonly format: ExportFormat };
    /** Null when too many are made already. */
    answer: { readonly id: string } | null;
  };
  /** The next bytes of it; null when there are no more. */
  exportNext: { ask: { readonly id: string }; answer: Uint8Array | null };
  exportEnd: { ask: { readonly id: string }; answer: null };
  sessions: { ask: SessionsAsk; answer: SessionsPage };
  /** Its latest requests, newest first. */
  session: {
    ask: {
      readonly id: string;
      readonly range: TimeRange;
      readonly filter: SearchFilter;
      readonly limit: number;
    };
    answer: { readonly sums: SessionSums; readonly records: readonly SettledRecord[] } | null;
  };
}

export interface SessionsAsk {
  readonly range: TimeRange;
  readonly filter: SearchFilter;
  readonly limit: number;
  /** Behind the last session of the page before: when its last request arrived, and its id. */
  readonly after: SearchPlace | null;
}

export interface SessionsPage {
  readonly sessions: readonly SessionSums[];
  readonly next: SearchPlace | null;
}

export type RequestQuestion = keyof RequestQuestions;
export type RequestsAsk = {
  [Q in RequestQuestion]: { readonly do: Q; readonly ask: RequestQuestions[Q]['ask'] };
}[RequestQuestion];
export type RequestsAnswer = RequestQuestions[RequestQuestion]['answer'];

/** What goes on with something begun: it asks for nothing that has to be written first. */
const GOING_ON: ReadonlySet<RequestQuestion> = new Set(['tailNext', 'tailEnd', 'exportNext', 'exportEnd']);

export function goesOn({ do: question }: RequestsAsk): boolean {
  return GOING_ON.has(question);
}
