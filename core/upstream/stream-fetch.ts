import type { Agent } from 'undici';
import type { FetchRule } from '../config/fetch-rule.js';
import { Allowance } from './allowance.js';
import { guardedLookup } from './guarded-lookup.js';

export interface StreamFetchOptions {
  /** The only one that may be asked. */
  readonly origin: string;
  readonly connectTimeoutMs: number;
  /** Addresses beside public ones that it may have; left out or null: it may have any. */
  readonly only?: { readonly rules: readonly FetchRule[] } | null;
}

/** A `fetch` for one origin over connections of its own, whose answers may last for as long as they like. */
export class StreamFetch {
  private agent: Promise<{ agent: Agent; fetch: typeof import('undici').fetch }> | null = null;
  private closed = false;

  constructor(private readonly options: StreamFetchOptions) {}

  /** Redirects are given back as they are. Rejects for another origin than its own. */
  readonly fetch = async (url: string | URL, init: RequestInit = {}): Promise<Response> => {
    const { origin } = new URL(url);
    if (origin !== this.options.origin) throw new Error('it may only be asked at its own address');
    if (this.closed) throw new Error('the connection was closed');
    this.agent ??= this.load();
    const { agent, fetch } = await this.agent;
    const given = { ...init, redirect: 'manual', dispatcher: agent } as unknown as Parameters<
      typeof fetch
    >[1];
    return (await fetch(url, given)) as unknown as Response;
  };

  /** What runs is cut off. */
  async close(): Promise<void> {
    this.closed = true;
    await (await this.agent)?.agent.destroy();
  }

  private async load(): Promise<{ agent: Agent; fetch: typeof import('undici').fetch }> {
    const { Agent, fetch } = await import('undici');
    const { connectTimeoutMs: timeout, only = null } = this.options;
    const connect =
      only === null ? { timeout } : { timeout, lookup: guardedLookup(new Allowance(only.rules), refusal) };
    // Who asks has time-outs of its own; the silence between two events of a stream is none of them.
    return { agent: new Agent({ connect, headersTimeout: 0, bodyTimeout: 0 }), fetch };
  }
}

function refusal(host: string): Error {
  return new Error(`${host} is not a public address, and nothing allows it`);
}
