import { afterAll, beforeAll, beforeEach, describe, it } from 'vitest';
import { KEY } from '../e2e/beside-openai.js';
import { everyFormat, type Format, startEveryFormat } from './every-format.js';
import { PythonProcess, preparePython, whyNoPython } from './python-process.js';
import { type Client, describeSevenCases } from './seven-cases.js';
import { startTlsFront } from './tls-front.js';

const required = process.env['HEADGATE_TEST_REQUIRE_ALL'] === '1';
const wanted = required || process.env['HEADGATE_TEST_PYTHON'] === '1';
const lacking = wanted ? whyNoPython() : 'HEADGATE_TEST_PYTHON=1 is not set';
if (required && lacking !== null) throw new Error(lacking);
const title = lacking === null ? 'Python' : `Python (left out: ${lacking})`;
if (wanted && lacking !== null) console.warn(`Clients in Python are not tested: ${lacking}`);

/** Each script in `test/python/`, with the formats of the upstreams behind its models. */
const clients: Record<string, Format[]> = {
  openai: everyFormat,
  anthropic: everyFormat,
  google: ['gemini', 'openai-chat'],
  bedrock: ['bedrock-converse', 'openai-chat'],
  cohere: ['cohere-chat', 'openai-chat'],
  ollama: ['ollama-chat', 'anthropic-messages'],
  litellm: ['openai-chat', 'anthropic-messages'],
};

describe.skipIf(lacking !== null)(title, async () => {
  if (lacking !== null) {
    it('has clients that are put to the seven cases', () => undefined);
    return;
  }
  const setup = await startEveryFormat();
  // Python's AWS client sends bearer keys over TLS alone.
  const front = await startTlsFront(setup.gateway.port);
  let python: PythonProcess;
  beforeAll(async () => {
    preparePython();
    python = new PythonProcess(setup.gateway.url, front.url, KEY);
    // Imports take their time, which is not the first case's.
    for (const name of Object.keys(clients)) await python.run(name, 'image', 'openai-chat');
  }, 300_000);
  beforeEach(() => setup.reset());
  afterAll(async () => {
    await python.close();
    await front.close();
    await setup.close();
  });

  for (const [name, formats] of Object.entries(clients)) {
    const run =
      <Value>(asked: string) =>
      (model: string) =>
        python.run(name, asked, model) as Promise<Value>;
    const client: Client = {
      chat: run('chat'),
      stream: run('stream'),
      tools: run('tools'),
      image: run('image'),
      structured: run('structured'),
      error: run('error'),
      abort: run('abort'),
    };
    describeSevenCases(`Python’s client ${name}`, client, setup.upstreams(...formats));
  }
});
