import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { startHeadgate, stopCleanly } from './harness.js';
import { chatBody, messageBody, post } from './http-client.js';
import { sseEvents, sseJson } from './sse-text.js';

const run = promisify(execFile);
const hasCurl = (() => {
  try {
    execFileSync('curl', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

// No config file, no key, no variable: what a newcomer has.
const gateway = await startHeadgate();
afterAll(() => stopCleanly(gateway));

/** The commands of a text, with their continued lines, sent to this gateway instead of the default port. */
const curlsIn = (text: string): string[] =>
  [...text.matchAll(/^[ \t$>]*(curl (?:[^\n]*\\\n)*[^\n]*)/gm)]
    .map((match) => match[1] ?? '')
    .filter((command) => command.includes('mock/'))
    .map((command) => command.replaceAll(/(127\.0\.0\.1|localhost):\d+/g, `127.0.0.1:${gateway.port}`));

describe('a gateway without file and key', () => {
  it('answers from the mock provider', async () => {
    const answer = await post(gateway, '/v1/chat/completions', chatBody('mock/hello'));
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({
      object: 'chat.completion',
      choices: [
        { message: { role: 'assistant', content: expect.stringMatching(/.+/) }, finish_reason: 'stop' },
      ],
      usage: { total_tokens: expect.any(Number) },
    });
    expect(answer.headers.get('x-headgate-provider')).toBe('mock');
  });

  it('streams from the mock provider', async () => {
    const { text } = await post(gateway, '/v1/chat/completions', chatBody('mock/hello', { stream: true }));
    expect(sseJson(text).length).toBeGreaterThan(2);
    expect(sseEvents(text).at(-1)?.data).toBe('[DONE]');
  });

  it('answers Anthropic clients from the mock provider', async () => {
    const answer = await post(gateway, '/v1/messages', messageBody('mock/hello'));
    expect(answer.json()).toMatchObject({
      type: 'message',
      content: [{ type: 'text', text: expect.stringMatching(/.+/) }],
    });
    const { text } = await post(gateway, '/v1/messages', messageBody('mock/hello', { stream: true }));
    expect(sseEvents(text).at(-1)?.event).toBe('message_stop');
  });

  it.runIf(hasCurl)('answers the curl that it prints at start', async () => {
    const commands = curlsIn(gateway.logs());
    expect(commands.length, gateway.logs()).toBeGreaterThan(0);
    for (const command of commands) {
      const { stdout } = await run('sh', ['-c', command]);
      expect(stdout).toMatch(/chat\.completion|"type":\s*"message"/);
    }
  });

  it.runIf(hasCurl)('answers the curls of the README, streamed and not', async () => {
    const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
    const commands = curlsIn(readme);
    expect(commands.length).toBeGreaterThan(0);
    for (const command of commands) {
      const { stdout } = await run('sh', ['-c', command]);
      expect(stdout, command).toMatch(/chat\.completion|"type":\s*"message"/);
    }
  });

  it('says where it listens', () => {
    expect(gateway.logs()).toContain(`127.0.0.1:${gateway.port}`);
  });
});
