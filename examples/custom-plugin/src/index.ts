import { definePlugin, reply } from '@headgate/sdk';
import { z } from 'zod';
import { AnswerMasker } from './answer-masker.js';
import { BannedWords } from './banned-words.js';

const words = z.array(z.string().min(1)).default([]);

const config = z.strictObject({
  /** Words that nobody may use. */
  banned: words,
  /** What holds for one customer, by the `customer` of x-headgate-metadata. */
  customers: z.record(z.string(), z.strictObject({ banned: words })).default({}),
  /** Replace e-mail addresses in answers. */
  mask_emails: z.boolean().default(true),
});

/**
 * Rules per customer. Refuses prompts with a banned word, tells the provider in a header who the customer is, masks e-mail
 * addresses in answers, and counts the requests of each customer that the config names:
 * `GET /plugins/tenant-guard/counts`.
 */
export default definePlugin({
  name: 'tenant-guard',
  version: '1.0.0',
  config,
  needs: { request: 'canonical', response: 'events' },

  async setup(host, { banned, customers, mask_emails }) {
    const everybody = new BannedWords(banned);
    const known = new Map(
      await Promise.all(
        Object.entries(customers).map(async ([name, rules]) => {
          const requests = await host.counters.open(`requests of ${name}`);
          return [name, { banned: new BannedWords(rules.banned), requests }] as const;
        }),
      ),
    );
    const answers = host.slot(() => new AnswerMasker());

    host.route('GET', '/counts', () =>
      reply.json(200, Object.fromEntries([...known].map(([name, { requests }]) => [name, requests.value()]))),
    );

    return {
      request(view) {
        const customer = known.get(view.metadata.customer ?? '');
        const word = everybody.findIn(view.request) ?? customer?.banned.findIn(view.request);
        if (word === undefined) return;
        view.log.info('refused a prompt', { customer: view.metadata.customer, word });
        host.metrics.count('refused');
        return reply.error('content-filter', 'banned_word', `The word "${word}" is not allowed here.`, {
          headers: ['x-tenant-guard', 'refused'],
        });
      },

      upstream(head, view) {
        const { customer } = view.metadata;
        if (customer === undefined) return;
        return { ...head, headers: [...head.headers, 'x-tenant', encodeURIComponent(customer)] };
      },

      event(event, view) {
        return mask_emails ? view.state(answers).map(event) : undefined;
      },

      settled(record) {
        known.get(record.customer)?.requests.add(1);
      },
    };
  },
});
