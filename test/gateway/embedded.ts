import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGateway, type Gateway, type GatewayOptions } from '../../dist/bin/library.js';
import type { FakeProvider } from '../fakes/provider.js';

export interface Embedded extends Gateway {
  readonly dataDir: string;
}

/** A gateway in the process of the test, with a data folder of its own and nothing from the environment. */
export async function embed(options: GatewayOptions = {}): Promise<Embedded> {
  const dataDir = mkdtempSync(join(tmpdir(), 'headgate-embedded-'));
  const remove = (): void => rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  try {
    const gateway = await createGateway({ dataDir, env: {}, port: 0, ...options });
    const close = async (): Promise<boolean> => {
      const inTime = await gateway.close();
      remove();
      return inTime;
    };
    return { ...gateway, dataDir, close };
  } catch (error) {
    remove();
    throw error;
  }
}

/** The fake as the provider `openai`. */
export const behind = (fake: FakeProvider) => ({
  openai: { base_url: `${fake.url}/v1`, keys: [{ value: 'sk-fake-openai-0123456789' }] },
});

/** A POST of this as JSON. */
export const json = (body: object, more: RequestInit = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
  ...more,
});

/** How many requests have ended in this way so far. */
export async function ended(gateway: Gateway, outcome: string): Promise<number> {
  const text = await (await gateway.fetch('/metrics')).text();
  const lines = text.split('\n').filter((line) => line.startsWith('headgate_requests_total{'));
  return lines
    .filter((line) => line.includes(`outcome="${outcome}"`))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** Waits for what happens in another thread or at the other end of a connection. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`it never came to this: ${what}`);
    await sleep(10);
  }
}
