import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { replayedBody } from '../../core/admin/requests/replayed-body.js';
import { startOpenAi } from '../fakes/openai.js';
import { behind, type Embedded, embed, json } from '../gateway/embedded.js';
import { ADMIN_TOKEN } from '../governance/admin-client.js';

type Json = Record<string, unknown>;
interface Told extends Json {
  readonly difference: Json & { text: { op: string; text: string }[] | null };
}

const MODEL = 'openai/gpt-4o';
const openai = await startOpenAi();
let gateway: Embedded;
/** Secrets of keys by their ids, and of service tokens by team and role. */
const secrets: Record<string, string> = {};

async function api(
  path: string,
  body?: unknown,
  token = ADMIN_TOKEN,
): Promise<{ status: number; told: Told }> {
  const answer = await gateway.fetch(path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: answer.status, told: (await answer.json()) as Told };
}

const replay = (id: string, body: unknown = {}, token?: string): ReturnType<typeof api> =>
  api(`/api/requests/${id}/replay`, body, token);

async function ask(
  body: object,
  key = 'key-red',
  path = '/v1/chat/completions',
  more: object = {},
): Promise<string> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${secrets[key]}`, ...more };
  const answer = await gateway.fetch(path, json({ model: MODEL, ...body }, { headers }));
  await answer.text();
  return String(answer.headers.get('x-headgate-request-id'));
}

const chat = (content: string, more: object = {}): object => ({
  messages: [{ role: 'user', content }],
  ...more,
});
const upstream = (): Json => openai.received.at(-1)?.json() ?? {};
const words = (told: Told, ...ops: string[]): string =>
  (told.difference.text ?? []).flatMap(({ op, text }) => (ops.includes(op) ? [text] : [])).join('');
const recordOf = async (id: string): Promise<Json> => (await api(`/api/requests/${id}`)).told;

beforeAll(async () => {
  gateway = await embed({
    config: {
      admin: { token: ADMIN_TOKEN },
      auth: { required: true },
      organizations: { acme: {} },
      providers: behind(openai),
      observability: {
        log_bodies: {
          models: ['openai/gpt-4o*', 'mock/*'],
          max_bytes: '4kb',
          redact: [{ path: 'user', with: '-' }],
        },
      },
    },
  });
  for (const team of ['red', 'blue']) {
    await api('/api/teams', { id: team, organization: 'acme' });
    const key = await api('/api/keys', { id: `key-${team}`, name: `the ${team} one`, team });
    secrets[`key-${team}`] = String(key.told['secret']);
    for (const role of ['viewer', 'team_admin']) {
      const token = await api('/api/service-tokens', { name: `${team}-${role}`, roles: [{ role, team }] });
      secrets[`${team} ${role}`] = String(token.told['secret']);
    }
  }
});
beforeEach(() => openai.reset());
afterAll(async () => {
  await gateway.close();
  await openai.close();
});

describe('a request that is asked again', { timeout: 60_000 }, () => {
  it('goes the way of any other, with another model and other fields, and what differs is told', async () => {
    openai.next({ answer: { text: 'Your parcel is in Lisbon today.', usage: { input: 20, output: 10 } } });
    const first = await ask(
      chat('Where is it?', {
        stream: true,
        stream_options: { include_usage: true },
        temperature: 1,
        top_p: 0.5,
      }),
      'key-red',
      '/v1/chat/completions',
      { 'x-headgate-metadata': '{"customer":"ada","tags":["shop"],"session":"s1"}' },
    );
    openai.next({
      answer: { text: 'Your parcel is on its way today.', finish: 'length', usage: { input: 25, output: 8 } },
    });
    const { status, told } = await replay(first, {
      model: 'openai/gpt-4o-mini',
      set: { temperature: 0, top_p: null },
    });
    expect(status).toBe(200);
    expect(upstream()).toEqual({
      model: 'gpt-4o-mini',
      messages: [{ role: 'user', content: 'Where is it?' }],
      stream: false,
      temperature: 0,
    });
    expect(told).toMatchObject({
      replay_of: first,
      status: 200,
      answer: { choices: [{ message: { content: 'Your parcel is on its way today.' } }] },
      difference: {
        model: { before: MODEL, after: 'openai/gpt-4o-mini' },
        tokens: { input: { before: 20, after: 25, change: 5 }, output: { before: 10, after: 8, change: -2 } },
        finish: { before: 'stop', after: 'length' },
      },
    });
    expect(words(told, 'same', 'out')).toBe('Your parcel is in Lisbon today.');
    expect(words(told, 'same', 'in')).toBe('Your parcel is on its way today.');
    expect(words(told, 'same')).toMatch(/^Your parcel is .*today\.$/);
    const [before, after] = [await recordOf(first), await recordOf(String(told['id']))];
    expect(after).toMatchObject({
      key: 'key-red',
      team: 'red',
      tags: [`replay_of:${first}`],
      stream: false,
    });
    // Whoever the first one was for has not asked for this one.
    expect(before).toMatchObject({ customer: 'ada', session: 's1' });
    expect([after['customer'], after['session']]).toEqual(['', '']);
    const [a, b] = [before, after].map((one) => (one['cost'] as Json)['total_usd']);
    expect(told.difference['cost']).toMatchObject({ before_usd: a, after_usd: b });
    expect(told.difference['ms']).toMatchObject({ before: before['total_ms'], after: after['total_ms'] });
    const found = await api(`/api/requests?tag=replay_of:${first}`);
    expect((found.told['data'] as Json[]).map(({ id }) => id)).toEqual([told['id']]);
    // Both were kept: the same is told of them later, the other way round too.
    const same = await api(`/api/requests/${first}/compare/${String(told['id'])}`);
    expect(same.told.difference).toEqual(told.difference);
    const turned = await api(`/api/requests/${String(told['id'])}/compare/${first}`);
    expect(words(turned.told, 'same', 'in')).toBe('Your parcel is in Lisbon today.');
  });

  it.each([
    ['Responses', '/v1/responses', { input: 'Where is it?', background: false }],
    ['Messages', '/v1/messages', { ...chat('Where is it?'), max_tokens: 100 }],
    [
      'Messages, streamed',
      '/anthropic/v1/messages',
      { ...chat('Where is it?'), max_tokens: 100, stream: true },
    ],
    ['Responses, streamed', '/v1/responses', { input: 'Where is it?', stream: true }],
  ])('may have been one of %s', async (_, path, body) => {
    openai.always({ answer: { text: 'It is here.' } });
    const first = await ask(body, 'key-blue', path);
    openai.always({ answer: { text: 'It is there.' } });
    const { told } = await replay(first);
    expect(told).toMatchObject({
      status: 200,
      difference: { provider: { before: 'openai', after: 'openai' } },
    });
    expect(told.difference.text).toEqual([
      { op: 'same', text: 'It is ' },
      { op: 'out', text: 'here' },
      { op: 'in', text: 'there' },
      { op: 'same', text: '.' },
    ]);
    expect(await recordOf(String(told['id']))).toMatchObject({ stream: false, key: 'key-blue' });
  });

  it('says what it calls, and where an answer was cut that it is not known', async () => {
    const call = { name: 'find', arguments: '{"parcel":1}' };
    openai.next({ answer: { toolCalls: [call] } }, { answer: { text: 'x'.repeat(9000) } });
    const tools = [{ type: 'function', function: { name: 'find', parameters: { type: 'object' } } }];
    const first = await ask(chat('Find it', { tools }));
    const { told } = await replay(first);
    expect(words(told, 'same', 'out')).toBe('find({"parcel":1})');
    expect(words(told, 'same', 'in')).toBe('x'.repeat(9000));
    const again = await api(`/api/requests/${first}/compare/${String(told['id'])}`);
    expect(again.told.difference).toMatchObject({
      text: null,
      text_unknown: expect.stringContaining('beginning'),
    });
  });

  it('is under the rules of its key, or of another one that is named by id or name', async () => {
    await api('/api/keys', {
      id: 'few',
      name: 'two a day',
      limits: { windows: [{ requests: 2, per: 'day' }] },
    });
    await api('/api/keys', { id: 'mini', models: ['openai/gpt-4o-mini'] });
    openai.always({ answer: { text: 'Yes.' } });
    const first = await ask(chat('Is it?'));
    for (const key of ['few', 'two a day']) {
      const { told } = await replay(first, { key });
      expect(told['status']).toBe(200);
      expect(await recordOf(String(told['id']))).toMatchObject({ key: 'few' });
    }
    const asked = openai.received.length;
    const third = await replay(first, { key: 'few' });
    expect(third.status).toBe(200);
    expect(third.told).toMatchObject({
      status: 429,
      answer: { error: { code: expect.stringMatching(/limit/) } },
      difference: {
        text: null,
        text_unknown: expect.stringContaining('429'),
        tokens: { output: { after: null } },
      },
    });
    const barred = await replay(first, { key: 'mini' });
    expect(barred.told).toMatchObject({ status: 403, answer: { error: { code: 'model_not_allowed' } } });
    expect(openai.received).toHaveLength(asked);
    const audit = await api(`/api/audit?kind=request&id=${first}`);
    expect(audit.told['data']).toHaveLength(4);
    expect((audit.told['data'] as Json[])[0]).toMatchObject({
      action: 'replay',
      after: { key: 'mini', model: MODEL },
    });
    await gateway.fetch('/api/keys/few/revoke', {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    });
    const revoked = await replay(first, { key: 'few' });
    expect(revoked).toMatchObject({ status: 409, told: { error: { code: 'request_unusable' } } });
  });

  it('is refused, with the reason, where what would be asked is not what was asked', async () => {
    openai.always({ answer: { text: 'Yes.' } });
    const why = async (id: string, body: unknown, status: number): Promise<string> => {
      const asked = openai.received.length;
      const answer = await replay(id, body);
      expect(answer.status).toBe(status);
      expect(openai.received).toHaveLength(asked);
      return (answer.told['error'] as { message: string }).message;
    };
    expect(await why('req_nothing', {}, 404)).toContain('req_nothing');
    const unkept = await ask(chat('Hello', { model: 'openai/gpt-4.1' }));
    expect(await why(unkept, {}, 404)).toContain('log_bodies');
    expect(await why(await ask(chat('long '.repeat(2000))), {}, 409)).toContain('beginning');
    const secret = await ask(chat('My key is sk-proj-Zm9vYmFyYmF6cXV4MTIzNDU2'));
    expect(await why(secret, {}, 409)).toContain('taken out');
    const named = await ask(chat('Hello', { user: 'ada' }));
    expect(await why(named, {}, 409)).toContain('taken out');
    expect(((await recordOf(named))['bodies'] as Json)['request']).toMatchObject({ redacted: true });
    const starred = await ask(chat('What does *** mean?'));
    expect((await replay(starred)).told).toMatchObject({ status: 200 });
    const gemini = await ask(
      { contents: [{ parts: [{ text: 'Hello' }] }] },
      'key-red',
      '/v1beta/models/mock/hello:generateContent',
    );
    expect(await why(gemini, {}, 409)).toContain('path');
    const first = await ask(chat('Hello'));
    for (const [body, word] of [
      [{ modle: 'x' }, 'modle'],
      [{ model: '' }, 'model'],
      [{ set: [] }, 'set'],
      [{ set: { model: 'x' } }, '"model"'],
      [{ set: { stream: true } }, '"stream"'],
      ['{"model"', 'JSON'],
      ['[]', 'object'],
    ] as const)
      expect(await why(first, body, 400), word).toContain(word);
    expect(await why(first, { key: 'nobody' }, 404)).toContain('nobody');
    const odd = await replay(first, '{"set":{"__proto__":{"a":1},"messages":"none"}}');
    expect(odd.told['status']).toBe(400);
  });

  it('is refused where it is a part, would add to a conversation, or cannot be read', () => {
    const made = (text: string | null, more: Json = {}, record: Json = {}) =>
      replayedBody(
        {
          record: { id: 'req_1', stream: false, ...record } as never,
          kept: { request: { text, truncated: false, redacted: false, ...more } } as never,
        },
        {},
      );
    expect(made('{"model":"a","background":true}')).toEqual({ model: 'a' });
    expect(() => made('{"conversation":"conv_1"}')).toThrow('conversation');
    expect(() => made('{}', {}, { id: 'req_1.2' })).toThrow('part of the request "req_1"');
    for (const text of ['no JSON', '[]', '"a"', 'null'])
      expect(() => made(text), text).toThrow('JSON object');
    expect(() => made(null)).toThrow('may be kept');
    // Of what older versions have kept it is not known whether anything was taken out.
    expect(() => made('{"a":"***"}', { redacted: undefined })).toThrow('taken out');
    expect(made('{"a":"b"}', { redacted: undefined })).toEqual({ a: 'b' });
  });

  it('counts as coming from where it is asked for', async () => {
    for (const [id, ranges] of [
      ['near', ['127.0.0.1']],
      ['far', ['10.0.0.0/8']],
    ] as const)
      await api('/api/keys', { id, ip_ranges: ranges });
    openai.always({ answer: { text: 'Yes.' } });
    const first = await ask(chat('Is it?'));
    const url = await gateway.listen();
    const status = async (key: string): Promise<unknown> => {
      const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
      const answer = await fetch(`${url}/api/requests/${first}/replay`, json({ key }, { headers }));
      return ((await answer.json()) as Told)['status'];
    };
    expect(await status('near')).toBe(200);
    expect(await status('far')).toBe(403);
  });

  it('is so by those who may, within their reach, with keys of theirs', async () => {
    openai.always({ answer: { text: 'Yes.' } });
    const [red, blue] = [await ask(chat('red'), 'key-red'), await ask(chat('blue'), 'key-blue')];
    const admin = secrets['red team_admin'];
    const own = await replay(red, {}, admin);
    expect(own.told['status']).toBe(200);
    expect((await replay(red, { key: 'the red one' }, admin)).status).toBe(200);
    const code = async (asked: ReturnType<typeof api>): Promise<unknown[]> => {
      const { status, told } = await asked;
      return [status, (told['error'] as Json)['code']];
    };
    for (const key of ['key-blue', 'the blue one'])
      expect(await code(replay(red, { key }, admin))).toEqual([404, 'entity_unknown']);
    expect(await code(replay(blue, { key: 'key-red' }, admin))).toEqual([404, 'entity_unknown']);
    expect(await code(replay(red, {}, secrets['red viewer']))).toEqual([403, 'permission_missing']);
    expect(await code(replay(red, {}, secrets['key-red']))).toEqual([401, 'admin_required']);
    const compare = (id: string, other: string, token?: string): ReturnType<typeof api> =>
      api(`/api/requests/${id}/compare/${other}`, undefined, token);
    expect((await compare(red, String(own.told['id']), admin)).status).toBe(200);
    expect(await code(compare(red, blue, admin))).toEqual([404, 'entity_unknown']);
    expect(await code(compare(blue, red, admin))).toEqual([404, 'entity_unknown']);
    expect(await code(compare(red, red, secrets['red viewer']))).toEqual([403, 'permission_missing']);
  });
});
