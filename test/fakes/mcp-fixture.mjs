// A server over its standard input and output that has all that the protocol has, under the names that the scenarios of
// @modelcontextprotocol/conformance ask for, and a few more. Written without a library, so that nothing of it is mended on the way.
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
const WAV = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=';

let asked = 0;
const waiters = [];
const waiting = new Map();
const running = new Map();
const subscribed = new Set();
let level = 'none';
let capabilities = {};

const write = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const notify = (method, params = {}) => write({ method, params });
const ask = (method, params) =>
  new Promise((resolve, reject) => {
    const id = `s${++asked}`;
    waiting.set(id, { resolve, reject });
    write({ id, method, params });
  });

const text = (said) => ({ content: [{ type: 'text', text: said }] });
const form = (message, properties, required) => ({
  mode: 'form',
  message,
  requestedSchema: { type: 'object', properties, required },
});
const elicited = async (params) => {
  const { action, content = {} } = await ask('elicitation/create', params);
  return `action=${action}, content=${JSON.stringify(content)}`;
};
const choices = (...names) => names.map((name) => ({ const: name, title: name.toUpperCase() }));
const string = { type: 'string' };

const tools = {
  test_simple_text: () => text('This is a simple text response for testing.'),
  test_image_content: () => ({ content: [{ type: 'image', data: PNG, mimeType: 'image/png' }] }),
  test_audio_content: () => ({ content: [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }] }),
  test_embedded_resource: () => ({
    content: [
      {
        type: 'resource',
        resource: { uri: 'test://embedded-resource', mimeType: 'text/plain', text: 'An embedded resource.' },
      },
    ],
  }),
  test_multiple_content_types: () => ({
    content: [
      { type: 'text', text: 'Multiple content types test:' },
      { type: 'image', data: PNG, mimeType: 'image/png' },
      {
        type: 'resource',
        resource: { uri: 'test://mixed-content-resource', mimeType: 'application/json', text: '{"a":1}' },
      },
    ],
  }),
  test_tool_with_logging: async () => {
    for (const data of ['started', 'at work', 'done']) {
      notify('notifications/message', { level: 'info', logger: 'fixture', data });
      await sleep(20);
    }
    return text('logged');
  },
  test_tool_with_progress: async (_, { progressToken }) => {
    for (const progress of [0, 50, 100]) {
      if (progressToken !== undefined)
        notify('notifications/progress', { progressToken, progress, total: 100, message: `at ${progress}` });
      // The answer comes right after the last step.
      if (progress < 100) await sleep(20);
    }
    return text('done');
  },
  test_error_handling: () => ({
    ...text('This tool intentionally returns an error for testing'),
    isError: true,
  }),
  test_sampling: async ({ prompt }) => {
    const { content } = await ask('sampling/createMessage', {
      messages: [{ role: 'user', content: { type: 'text', text: prompt } }],
      maxTokens: 100,
    });
    return text(`LLM response: ${content.text}`);
  },
  test_elicitation: async ({ message }) =>
    text(`User response: ${await elicited(form(message, { response: string }, ['response']))}`),
  test_elicitation_sep1034_defaults: async () =>
    text(
      await elicited(
        form(
          'Please look at the defaults',
          {
            name: { ...string, default: 'John Doe' },
            age: { type: 'integer', default: 30 },
            score: { type: 'number', default: 95.5 },
            status: { ...string, enum: ['active', 'inactive', 'pending'], default: 'active' },
            verified: { type: 'boolean', default: true },
          },
          [],
        ),
      ),
    ),
  test_elicitation_sep1330_enums: async () =>
    text(
      await elicited(
        form(
          'Please choose',
          {
            untitledSingle: { ...string, enum: ['option1', 'option2', 'option3'] },
            titledSingle: { ...string, oneOf: choices('value1', 'value2', 'value3') },
            legacyEnum: { ...string, enum: ['opt1', 'opt2'], enumNames: ['Option One', 'Option Two'] },
            untitledMulti: { type: 'array', items: { ...string, enum: ['option1', 'option2', 'option3'] } },
            titledMulti: { type: 'array', items: { anyOf: choices('value1', 'value2', 'value3') } },
          },
          [],
        ),
      ),
    ),
  json_schema_2020_12_tool: (args) => text(JSON.stringify(args)),
  // Beyond what the scenarios ask for.
  roots: async () => text(JSON.stringify((await ask('roots/list', {})).roots)),
  slow: async (_, __, signal) => {
    await sleep(60_000, undefined, { signal });
    return text('slept');
  },
  wait: async (_, { progressToken }) => {
    if (progressToken !== undefined) notify('notifications/progress', { progressToken, progress: 1 });
    return new Promise((resolve) => {
      waiters.push(() => resolve(text('waited')));
    });
  },
  release: () => {
    for (const go of waiters.splice(0)) go();
    return text('released');
  },
  touch: ({ uri }) => {
    if (subscribed.has(uri)) notify('notifications/resources/updated', { uri });
    return text(subscribed.has(uri) ? 'told' : 'nobody wants to know');
  },
  grow: () => {
    tools.grown = () => text('grown');
    notify('notifications/tools/list_changed');
    notify('notifications/prompts/list_changed');
    return text('more');
  },
  state: () =>
    text(
      JSON.stringify({
        pid: process.pid,
        level,
        running: [...running.keys()].length - 1,
        capabilities: Object.keys(capabilities),
      }),
    ),
  meta: (_, { progressToken: __, ...meta }) => text(JSON.stringify(meta)),
  large: () => text('x'.repeat(900_000)),
};

const schemas = {
  test_sampling: { type: 'object', properties: { prompt: string }, required: ['prompt'] },
  test_elicitation: { type: 'object', properties: { message: string }, required: ['message'] },
  touch: { type: 'object', properties: { uri: string }, required: ['uri'] },
  json_schema_2020_12_tool: {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    $defs: { address: { type: 'object', properties: { street: string, city: string } } },
    properties: { name: string, address: { $ref: '#/$defs/address' } },
    additionalProperties: false,
  },
};

const about = {
  meta: {
    title: 'What you said beside it',
    annotations: { readOnlyHint: true },
    icons: [{ src: 'https://icons.example.com/meta.png', mimeType: 'image/png', sizes: ['48x48'] }],
    _meta: { 'example.com/colour': 'blue' },
  },
};

const message = (content) => ({ messages: [{ role: 'user', content }] });
const prompts = {
  test_simple_prompt: () => message({ type: 'text', text: 'This is a simple prompt for testing.' }),
  test_prompt_with_arguments: ({ arg1, arg2 }) =>
    message({ type: 'text', text: `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'` }),
  test_prompt_with_embedded_resource: ({ resourceUri: uri }) => ({
    messages: [
      {
        role: 'user',
        content: {
          type: 'resource',
          resource: { uri, mimeType: 'text/plain', text: 'Embedded for testing.' },
        },
      },
      { role: 'user', content: { type: 'text', text: 'Please look at the resource above.' } },
    ],
  }),
  test_prompt_with_image: () => ({
    messages: [
      { role: 'user', content: { type: 'image', data: PNG, mimeType: 'image/png' } },
      { role: 'user', content: { type: 'text', text: 'Please look at the image above.' } },
    ],
  }),
};
const promptArguments = {
  test_prompt_with_arguments: ['arg1', 'arg2'],
  test_prompt_with_embedded_resource: ['resourceUri'],
};

const fixed = {
  'test://static-text': { mimeType: 'text/plain', text: 'This is the content of the static text resource.' },
  'test://static-binary': { mimeType: 'image/png', blob: PNG },
  'test://watched-resource': { mimeType: 'text/plain', text: 'Watched' },
};

function resource(uri) {
  if (uri in fixed) return { uri, ...fixed[uri] };
  const [, id] = /^test:\/\/template\/([^/]+)\/data$/.exec(uri) ?? [];
  if (id === undefined) throw { code: -32002, message: `There is no ${uri}` };
  return { uri, mimeType: 'application/json', text: JSON.stringify({ id, data: `Data for ${id}` }) };
}

const methods = {
  initialize: ({ protocolVersion, capabilities: given }) => {
    capabilities = given;
    return {
      protocolVersion,
      serverInfo: { name: 'fixture', version: '1.0.0' },
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        completions: {},
        logging: {},
      },
    };
  },
  ping: () => ({}),
  'tools/list': () => ({
    tools: Object.keys(tools).map((name) => ({
      name,
      description: `The tool ${name}`,
      inputSchema: schemas[name] ?? { type: 'object' },
      ...about[name],
    })),
  }),
  'tools/call': ({ name, arguments: args = {}, _meta = {} }, signal) => {
    if (tools[name] === undefined) throw { code: -32602, message: `There is no tool ${name}` };
    return tools[name](args, _meta, signal);
  },
  'prompts/list': () => ({
    prompts: Object.keys(prompts).map((name) => ({
      name,
      description: `The prompt ${name}`,
      arguments: (promptArguments[name] ?? []).map((one) => ({
        name: one,
        description: one,
        required: true,
      })),
    })),
  }),
  'prompts/get': ({ name, arguments: args = {} }) => {
    if (prompts[name] === undefined) throw { code: -32602, message: `There is no prompt ${name}` };
    return prompts[name](args);
  },
  'resources/list': () => ({
    resources: Object.entries(fixed).map(([uri, { mimeType }]) => ({
      uri,
      mimeType,
      name: uri,
      description: uri,
    })),
  }),
  'resources/templates/list': () => ({
    resourceTemplates: [
      { uriTemplate: 'test://template/{id}/data', name: 'template', description: 'A template' },
    ],
  }),
  'resources/read': ({ uri }) => ({ contents: [resource(uri)] }),
  'resources/subscribe': ({ uri }) => {
    subscribed.add(uri);
    return {};
  },
  'resources/unsubscribe': ({ uri }) => {
    subscribed.delete(uri);
    return {};
  },
  'completion/complete': ({ argument }) => ({
    completion: { values: [`${argument.value}x`, `${argument.value}y`], total: 2, hasMore: false },
  }),
  'logging/setLevel': (params) => {
    level = params.level;
    return {};
  },
};

async function take({ id, method, params = {}, result, error }) {
  if (method === undefined) {
    const { resolve, reject } = waiting.get(id) ?? {};
    waiting.delete(id);
    if (error === undefined) resolve?.(result);
    else reject?.(error);
  } else if (method === 'notifications/cancelled') running.get(params.requestId)?.abort();
  else if (id !== undefined) {
    const aborted = new AbortController();
    running.set(id, aborted);
    try {
      const handle = methods[method];
      if (handle === undefined) throw { code: -32601, message: `There is no method ${method}` };
      write({ id, result: await handle(params, aborted.signal) });
    } catch (thrown) {
      const { code = -32603, message: why = String(thrown) } = thrown;
      write({ id, error: { code: typeof code === 'number' ? code : -32603, message: why } });
    }
    running.delete(id);
  }
}

createInterface({ input: process.stdin }).on('line', (line) => take(JSON.parse(line)));
process.stdin.on('end', () => process.exit());
