import { type Json, parseObject } from './json-value.js';
import { type FakeProvider, startProvider } from './provider.js';

const RESULTS = ['one', 'two'].map((id) => ({
  custom_id: id,
  result: {
    type: 'succeeded',
    message: { id: `msg_${id}`, type: 'message', role: 'assistant', content: [] },
  },
}));

/**
 * Anthropic's message batches, https://docs.anthropic.com/en/api/creating-message-batches: results are fetched from the
 * absolute address that a batch names.
 */
export async function startAnthropicBatches(): Promise<FakeProvider> {
  const batches = new Map<string, Json>();
  let origin = '';
  const fake = await startProvider((request) => {
    const [path = ''] = request.url.split('?');
    const headers = { 'content-type': 'application/json', 'request-id': 'req_fake' };
    const json = (value: unknown, status = 200) => ({ status, headers, body: JSON.stringify(value) });
    const [, id, what] = /^\/v1\/messages\/batches(?:\/([^/]+))?(?:\/(\w+))?$/.exec(path) ?? [];
    if (request.headers['anthropic-version'] === undefined || request.key === '')
      return json(
        { type: 'error', error: { type: 'authentication_error', message: 'x-api-key is required' } },
        401,
      );
    if (id === undefined) {
      if (request.method === 'GET') {
        const data = [...batches.values()];
        return json({
          data,
          has_more: false,
          first_id: data[0]?.['id'] ?? null,
          last_id: data.at(-1)?.['id'] ?? null,
        });
      }
      const made = `msgbatch_01${batches.size}AbCdEf`;
      const { requests } = parseObject(request.body) ?? {};
      batches.set(made, {
        id: made,
        type: 'message_batch',
        processing_status: 'ended',
        request_counts: { processing: 0, succeeded: Array.isArray(requests) ? requests.length : 0 },
        results_url: `${origin}/v1/messages/batches/${made}/results`,
      });
      return json(batches.get(made));
    }
    const batch = batches.get(id);
    if (batch === undefined)
      return json(
        { type: 'error', error: { type: 'not_found_error', message: `No batch ${id}` }, request_id: 'r' },
        404,
      );
    if (what === 'results') {
      const body = RESULTS.map((line) => `${JSON.stringify(line)}\n`).join('');
      return { status: 200, headers: { ...headers, 'content-type': 'application/x-jsonl' }, body };
    }
    if (what === 'cancel') return json({ ...batch, processing_status: 'canceling' });
    if (request.method === 'DELETE') return json({ id, type: 'message_batch_deleted' });
    return json(batch);
  });
  origin = fake.url;
  return fake;
}
