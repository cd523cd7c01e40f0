import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { FormScan } from '../../core/forward/form-scan.js';
import { startVendors } from './vendors.js';

const vendors = await startVendors();
afterAll(() => vendors.close());

const BOUNDARY = 'b0undary';
const post = (body: string, path = '/v1/audio/transcriptions'): Promise<Response> =>
  vendors.gateway.fetch(path, {
    method: 'POST',
    headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
    body,
  });
const field = (name: string, value: string): string =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
const file = (bytes: string): string =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n${bytes}\r\n`;
const END = `--${BOUNDARY}--\r\n`;

it('a form that breaks off is refused before anything is asked of a provider', async () => {
  vendors.say(() => ({ body: {} }));
  const whole = field('model', 'deepgram/nova-3') + file('sound');
  for (const body of [whole, `${whole}--${BOUNDARY}\r\nContent-Dispo`, whole.slice(0, -3)]) {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('it ends in the middle of a part');
  }
  expect(vendors.seen).toEqual([]);
});

it('a text that is longer than any prompt is refused by name', async () => {
  const answer = await post(
    field('model', 'deepgram/nova-3') + field('prompt', 'x'.repeat(300_000)) + file('s') + END,
  );
  expect(answer.status).toBe(400);
  expect(await answer.text()).toContain('the field \\"prompt\\" is too long');
});

it('JSON where a form is wanted is refused, and the other way round', async () => {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' } };
  const asked = await vendors.gateway.fetch('/v1/audio/transcriptions', {
    ...init,
    body: '{"model":"deepgram/nova-3","file":"sound"}',
  });
  expect(asked.status).toBe(400);
  expect(await asked.text()).toContain("'file' must be a file of the form");
  const form = await post(field('model', 'deepgram/aura-2') + END, '/v1/audio/speech');
  expect(form.status).toBe(400);
  expect(await form.text()).toContain("'input' must be a string");
});

const texts = fc.array(
  fc.record({
    name: fc.stringMatching(/^[a-z_]{1,12}(\[\])?$/).filter((name) => name !== 'model'),
    value: fc.string({ maxLength: 60, unit: 'grapheme' }).filter((value) => !value.includes(BOUNDARY)),
  }),
  { maxLength: 6 },
);

it('parts are found wherever the network cuts a form', () => {
  fc.assert(
    fc.property(
      texts,
      fc.uint8Array({ maxLength: 300 }),
      fc.array(fc.nat(50), { minLength: 1 }),
      (some, bytes, cuts) => {
        const sound = Buffer.from(bytes);
        fc.pre(!sound.includes(BOUNDARY));
        const before = Buffer.from(some.map(({ name, value }) => field(name, value)).join(''));
        const head = Buffer.from(
          `--${BOUNDARY}\r\nContent-Type: audio/wav\r\nContent-Disposition: form-data; name="file"; filename="ü.wav"\r\n\r\n`,
        );
        const whole = Buffer.concat([before, head, sound, Buffer.from(`\r\n${field('model', 'm')}${END}`)]);
        const scan = new FormScan(BOUNDARY, true);
        for (let at = 0, i = 0; at < whole.length; i++) {
          const to = at + 1 + (cuts[i % cuts.length] as number);
          scan.push(whole.subarray(at, to));
          at = to;
        }
        expect(scan).toMatchObject({ why: null, ended: true, found: { model: 'm' } });
        expect(scan.texts).toEqual([...some, { name: 'model', value: 'm' }]);
        const [found] = scan.files;
        expect(found).toMatchObject({ name: 'file', filename: 'ü.wav', contentType: 'audio/wav' });
        expect(whole.subarray(found?.start, found?.end)).toEqual(sound);
      },
    ),
  );
});

it('files that must be in memory may come to what a body may have, all together', async () => {
  const image = (name: string, size: number): string =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="image[]"; filename="${name}"\r\nContent-Type: image/png\r\n\r\n${'x'.repeat(size)}\r\n`;
  const ask = (size: number): Promise<Response> =>
    post(
      field('model', 'gemini/gemini-2.5-flash-image') +
        field('prompt', 'hat') +
        image('a.png', size) +
        image('b.png', size) +
        END,
      '/v1/images/edits',
    );
  vendors.say(() => ({
    body: { candidates: [{ content: { parts: [{ inlineData: { mimeType: 'image/png', data: 'cG5n' } }] } }] },
  }));
  expect((await ask(400_000)).status).toBe(200);
  const refused = await ask(600_000);
  expect(refused.status).toBe(413);
  expect(vendors.seen).toHaveLength(1);
});
