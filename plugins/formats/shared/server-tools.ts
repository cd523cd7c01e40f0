import { addUnits, type JsonObject, type Usage } from '@headgate/sdk';
import { count, isObject } from './read-json.js';

/** Items of an answer that stand for something the provider did; in a model's text their quotes would be escaped. */
const bytesOf = (type: string): Buffer[] =>
  [`"type":"${type}"`, `"type": "${type}"`].map((text) => Buffer.from(text));
const WEB_SEARCH = bytesOf('web_search_call');
/** What a web search may be that is not billed as one. */
const WEB_READING = [...bytesOf('open_page'), ...bytesOf('find_in_page')];
const FILE_SEARCH = bytesOf('file_search_call');
const CODE = bytesOf('code_interpreter_call');
const CONTAINER = Buffer.from('"container_id"');
const QUOTE = 0x22;

/** Adds what a provider of the Responses API did for an answer, `bytes` being all of it. */
export function addServerTools(usage: Usage, bytes: Buffer): void {
  const searches = occurrences(bytes, WEB_SEARCH);
  if (searches > 0) addUnits(usage, 'webSearches', searches - occurrences(bytes, WEB_READING));
  addUnits(usage, 'fileSearches', occurrences(bytes, FILE_SEARCH));
  // A container is paid for once, however often it runs something.
  if (occurrences(bytes, CODE) > 0) addUnits(usage, 'codeSessions', Math.max(1, containers(bytes).size));
}

/** Web searches that a usage speaks of: Perplexity's and xAI's words for them, and OpenRouter's. */
export function searchesSaid(usage: JsonObject): number {
  const { server_side_tool_usage_details: details, server_tool_use: tools } = usage;
  if (isObject(details)) return count(details['web_search_calls']);
  if (isObject(tools)) return count(tools['web_search_requests']);
  return count(usage['num_search_queries']);
}

function occurrences(bytes: Buffer, spellings: readonly Buffer[]): number {
  let found = 0;
  for (const spelling of spellings)
    for (let at = bytes.indexOf(spelling); at !== -1; at = bytes.indexOf(spelling, at + spelling.length))
      found++;
  return found;
}

function containers(bytes: Buffer): Set<string> {
  const ids = new Set<string>();
  for (let at = bytes.indexOf(CONTAINER); at !== -1; at = bytes.indexOf(CONTAINER, at + 1)) {
    const open = bytes.indexOf(QUOTE, at + CONTAINER.length);
    const close = open === -1 ? -1 : bytes.indexOf(QUOTE, open + 1);
    if (close !== -1) ids.add(bytes.toString('latin1', open + 1, close));
  }
  return ids;
}
