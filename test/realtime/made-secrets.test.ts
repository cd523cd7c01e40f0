import { expect, it } from 'vitest';
import { findClientSecret } from '../../core/realtime/client-secrets.js';
import { startOpenAiPlatform } from '../fakes/openai-platform.js';
import { plainControl, startThread } from './thread.js';

const KEY = 'hg-realtime-key-0123456789';

// A secret that was made through the gateway was passed on and forgotten: its bearer was refused as an unknown key.
it('a secret that a provider makes through the gateway is kept for the key that asked for it', async () => {
  const provider = await startOpenAiPlatform('one');
  const control = plainControl();
  const thread = await startThread(
    {
      providers: { openai: { base_url: `${provider.url}/v1`, keys: [{ value: 'sk-one-0123456789' }] } },
      keys: [{ name: 'app', value: KEY }],
    },
    { control },
  );
  const expires_at = Math.floor(Date.now() / 1000) + 60;
  provider.next({ body: JSON.stringify({ value: 'ek_made', expires_at, session: {} }) });
  const answer = await fetch(`${thread.url}/v1/realtime/client_secrets`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ session: { type: 'realtime', model: 'gpt-realtime' } }),
  });
  expect(await answer.json()).toMatchObject({ value: 'ek_made' });
  const found = await findClientSecret(control, 'ek_made');
  expect(found).toMatchObject({ provider: 'openai', model: 'gpt-realtime', principal: { name: 'app' } });
  await thread.close();
  await provider.close();
});
