import { pluginModule } from './plugin-folder.js';

/**
 * A plugin from outside that brings two providers. `my-llm` answers inside the process, in OpenAI's format, from a
 * transport of its own. `far-llm` is asked over HTTP in a wire format and with a signer that only this plugin knows.
 */
export const providerPlugin = (version: number): string =>
  pluginModule(
    `{
      name: 'my-models', version: '${version}.0.0',
      config: z.strictObject({ greeting: z.string().default('Hello') }),
      setup(host, config) {
        greeting = config.greeting;
        host.route('GET', '/closed', () => reply.json(200, closed));
      },
      providers: [
        {
          row: { id: 'my-llm', name: 'Mine', formats: { 'openai-chat': '/chat' }, signer: 'none', keyRequired: false },
          transport: () => new Inside(),
        },
        {
          row: { id: 'far-llm', name: 'Far', formats: { plain: '/say' }, signer: 'plain-key', keyEnv: ['FAR_KEY'] },
        },
      ],
      formats: [plain],
      signers: [{ id: 'plain-key', fixed: (credential) => ['x-plain-key', credential] }],
    }`,
    `
let greeting = 'not set up';
const closed = (globalThis.closedTransports ??= []);

class Inside {
  dispatch(request, sink) {
    let stopped = false;
    const { model, stream, messages } = JSON.parse(request.body.toString());
    const said = greeting + ' from ' + model + ' ${version}: ' + messages.at(-1).content;
    const whole = { id: 'x', created: 1, model, usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } };
    setImmediate(() => {
      if (stopped) return;
      if (!stream) {
        sink.head(200, ['content-type', 'application/json']);
        const choices = [{ index: 0, message: { role: 'assistant', content: said }, finish_reason: 'stop' }];
        sink.data(Buffer.from(JSON.stringify({ ...whole, object: 'chat.completion', choices })));
      } else {
        sink.head(200, ['content-type', 'text/event-stream']);
        const event = (delta, finish_reason) => Buffer.from('data: ' + JSON.stringify(
          { ...whole, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] }) + '\\n\\n');
        for (const word of said.split(/(?= )/)) sink.data(event({ content: word }, null));
        sink.data(event({}, 'stop'));
        sink.data(Buffer.from('data: [DONE]\\n\\n'));
      }
      sink.end();
    });
    return { abort() { stopped = true; }, resume() {} };
  }
  async close() { closed.push(${version}); }
}

const usage = { inputTokens: 2, outputTokens: 3, cacheReadTokens: 0, cacheWriteTokens: 0, cacheWriteLongTokens: 0,
  reasoningTokens: 0, inputAudioTokens: 0, outputAudioTokens: 0 };
const textOf = (message) => message.parts.map((part) => part.text ?? '').join('');
const never = () => { throw new Error('no client speaks it'); };
const error = (status, body) => ({ kind: 'upstream', status, code: 'plain_error', message: body });

const plain = {
  id: 'plain', operation: 'chat', requestIdHeader: 'x-plain-id', fields: [],
  request: {
    decode: never,
    encode: (request, { model }) => ({ model, stream: request.stream, prompt: textOf(request.messages.at(-1)) }),
  },
  response: {
    decode: ({ said }) => ({ origin: 'plain', id: 'p', model: 'plain', created: 1, usage,
      choices: [{ index: 0, parts: [{ type: 'text', text: said }], finish: 'stop' }] }),
    encode: never,
  },
  stream: {
    decoder() {
      let open = false;
      return {
        push(_, data, emit) {
          const { piece, done } = JSON.parse(data);
          if (!open) {
            open = true;
            emit({ type: 'start', id: 'p', model: 'plain', created: 1 });
            emit({ type: 'part-start', choice: 0, part: 0, kind: 'text' });
          }
          if (piece !== undefined) emit({ type: 'part-delta', choice: 0, part: 0, text: piece });
          if (!done) return;
          emit({ type: 'part-end', choice: 0, part: 0 });
          emit({ type: 'finish', choice: 0, reason: 'stop' });
          emit({ type: 'usage', usage });
          emit({ type: 'end' });
        },
        end() {},
      };
    },
    encoder: never,
  },
  error: { decode: error, encode: never, encodeInStream: never },
};`,
  );
