import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { isObject, type Json, listOf } from '../fakes/json-value.js';
import { ADMIN } from './beside-openai.js';
import type { Headgate } from './harness.js';
import { get } from './http-client.js';

/** What `/api/usage` says of a customer, once that many requests of theirs are in it. */
export async function usageOf(gateway: Headgate, customer: string, requests: number): Promise<Json> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const answer = await get(gateway, '/api/usage?group_by=customer', { authorization: `Bearer ${ADMIN}` });
    expect(answer.status, answer.text).toBe(200);
    const rows = Object.values(answer.json()).flatMap((value) => listOf(value));
    const row = rows.find((one) => isObject(one) && one['customer'] === customer);
    if (isObject(row) && row['requests'] === requests) return row;
    if (Date.now() > deadline) throw new Error(`not ${requests} requests of ${customer} in ${answer.text}`);
    await sleep(50);
  }
}
