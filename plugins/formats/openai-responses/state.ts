import type {
  CanonicalError,
  JsonObject,
  JsonValue,
  KeptEvent,
  ScannedFields,
  StateAsked,
  StatefulFormat,
} from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { tryParse } from '../shared/parse-json.js';
import { isObject } from '../shared/read-json.js';
import { answerId } from './answer-id.js';
import { pageOf } from './items-page.js';
import { continuedRequest, keptItems } from './kept-items.js';
import { responseObject } from './response-object.js';

/** Request fields about state. */
export const STATE_FIELDS = ['store', 'previous_response_id', 'conversation', 'background'] as const;

const LAST_EVENTS = new Set(['response.completed', 'response.incomplete', 'response.failed']);
const SEQUENCE = '"sequence_number":';

/** Settings of a request that its answer repeats, and what stands there when the request says nothing. */
const REPEATED: JsonObject = {
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  metadata: {},
  parallel_tool_calls: true,
  prompt_cache_key: null,
  reasoning: { effort: null, summary: null },
  safety_identifier: null,
  temperature: null,
  text: { format: { type: 'text' } },
  tool_choice: 'auto',
  tools: [],
  top_logprobs: 0,
  top_p: null,
  truncation: 'disabled',
  user: null,
};

function flag(fields: ScannedFields, name: string, otherwise: boolean): boolean {
  const json = fields.json(name);
  if (json === undefined || json === 'null') return otherwise;
  if (json !== 'true' && json !== 'false') throw new MalformedBody(`'${name}' must be true or false`, name);
  return json === 'true';
}

function previousOf(fields: ScannedFields): string | null {
  const json = fields.json('previous_response_id');
  if (json === undefined || json === 'null') return null;
  const id = tryParse(json);
  if (typeof id !== 'string' || id === '')
    throw new MalformedBody("'previous_response_id' must be the id of a response", 'previous_response_id');
  return id;
}

/** The id of a conversation, or an object that has it. */
function conversationOf(fields: ScannedFields): string | null {
  const json = fields.json('conversation');
  if (json === undefined || json === 'null') return null;
  const value = tryParse(json);
  const id = isObject(value) ? value['id'] : value;
  if (typeof id !== 'string' || id === '')
    throw new MalformedBody("'conversation' must be the id of a conversation", 'conversation');
  return id;
}

function asked(fields: ScannedFields): StateAsked {
  return {
    store: flag(fields, 'store', true),
    background: flag(fields, 'background', false),
    previous: previousOf(fields),
    conversation: conversationOf(fields),
  };
}

function echo(body: JsonObject, { background, previous }: StateAsked, store: boolean): JsonObject {
  const echoed: JsonObject = {};
  for (const [name, usual] of Object.entries(REPEATED)) echoed[name] = body[name] ?? usual;
  echoed['tools'] = withoutCredentials(echoed['tools']);
  return { ...echoed, background, previous_response_id: previous, store };
}

/** What servers of tools are asked with is nobody's to read again. */
function withoutCredentials(tools: JsonValue | undefined): JsonValue {
  if (!Array.isArray(tools)) return tools ?? [];
  return tools.map((tool) => {
    if (!isObject(tool) || tool['type'] !== 'mcp') return tool;
    const { authorization: _, headers: __, ...shown } = tool;
    return shown;
  });
}

function event(type: string, data: string): KeptEvent {
  // Its encoder puts the number last; nothing that a model wrote can look like it, since there the quotes are escaped.
  const at = data.lastIndexOf(SEQUENCE);
  const sequence = at < 0 ? -1 : Number.parseInt(data.slice(at + SEQUENCE.length), 10);
  const value = LAST_EVENTS.has(type) ? tryParse(data) : undefined;
  const answer = isObject(value) && isObject(value['response']) ? value['response'] : null;
  return { sequence, answer };
}

const QUEUED = { status: 'queued', reason: null };

/** https://platform.openai.com/docs/guides/conversation-state and https://platform.openai.com/docs/guides/background */
export const openaiResponsesState: StatefulFormat = {
  fields: STATE_FIELDS,
  idPrefix: 'resp_hg',
  asked,
  idOf: answerId,
  continued: continuedRequest,
  items: keptItems,
  echo,
  begun: (id, created, model, echoed) =>
    responseObject(
      { id, created, model, same: false, extra: undefined, serviceTier: undefined, echo: echoed },
      QUEUED,
      [],
      null,
      null,
    ),
  event,
  running: (answer) => ({ ...answer, status: 'in_progress' }),
  failed: (answer, { code, message }: CanonicalError) => ({
    ...answer,
    status: 'failed',
    error: { code, message },
    incomplete_details: null,
  }),
  cancelled: (answer) => ({ ...answer, status: 'cancelled' }),
  deleted: (id) => ({ id, object: 'response', deleted: true }),
  page: pageOf,
};
