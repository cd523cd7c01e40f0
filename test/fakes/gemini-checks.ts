import { isObject, type Json, listOf, Refused } from './json-value.js';

const set = (names: string): ReadonlySet<string> => new Set(names.split(' '));
// Members of each message as https://ai.google.dev/api lists them: Google refuses any other.
const REQUEST = set(
  'model contents tools toolConfig safetySettings systemInstruction generationConfig cachedContent serviceTier store',
);
const COUNT = set('contents generateContentRequest');
const GENERATION = set(
  'stopSequences responseMimeType responseSchema _responseJsonSchema responseJsonSchema responseModalities ' +
    'candidateCount maxOutputTokens temperature topP topK seed presencePenalty frequencyPenalty responseLogprobs ' +
    'logprobs enableEnhancedCivicAnswers speechConfig thinkingConfig imageConfig mediaResolution',
);
const DECLARATION = set(
  'name description behavior parameters parametersJsonSchema response responseJsonSchema',
);
const SCHEMA = set(
  'type format title description nullable enum maxItems minItems properties required minProperties maxProperties ' +
    'minLength maxLength pattern example anyOf propertyOrdering default items minimum maximum',
);
const CONTENT = set('role parts');
const DATA = set(
  'text inlineData fileData functionCall functionResponse executableCode codeExecutionResult toolCall toolResponse',
);
const PART = set(
  `${[...DATA].join(' ')} thought thoughtSignature partMetadata videoMetadata mediaResolution`,
);

function bad(message: string): never {
  throw new Refused(400, message);
}

function known(value: Json, fields: ReadonlySet<string>, at: string): void {
  for (const field of Object.keys(value)) {
    if (fields.has(field)) continue;
    const where = at === '' ? '' : ` at '${at}'`;
    bad(`Invalid JSON payload received. Unknown name "${field}"${where}: Cannot find field.`);
  }
}

/** The subset of OpenAPI that `Schema` is. */
function checkSchema(value: unknown, at: string): void {
  if (!isObject(value)) return;
  known(value, SCHEMA, at);
  if (isObject(value['properties'])) {
    for (const [name, one] of Object.entries(value['properties']))
      checkSchema(one, `${at}.properties[${name}]`);
  }
  checkSchema(value['items'], `${at}.items`);
  for (const [i, one] of listOf(value['anyOf']).entries()) checkSchema(one, `${at}.any_of[${i}]`);
}

function checkPart(part: unknown, at: string): void {
  if (!isObject(part))
    bad(`Invalid value at '${at}' (type.googleapis.com/google.ai.generativelanguage.v1beta.Part)`);
  known(part, PART, at);
  const data = Object.keys(part).filter((field) => DATA.has(field));
  if (data.length > 1) bad(`Invalid value at '${at}' (oneof), oneof field 'data' is already set.`);
  if (data.length === 0 && part['thoughtSignature'] === undefined)
    bad(`* GenerateContentRequest.${at}.data: required oneof field 'data' must have one initialized field`);
  const { inlineData: inline, fileData: file, functionResponse: answer } = part;
  if (isObject(inline) && !(typeof inline['mimeType'] === 'string' && typeof inline['data'] === 'string'))
    bad(`* GenerateContentRequest.${at}.inline_data: mime_type and data are required`);
  if (isObject(file) && typeof file['fileUri'] !== 'string')
    bad(`* GenerateContentRequest.${at}.file_data.file_uri: file_uri is required`);
  if (isObject(answer) && (typeof answer['name'] !== 'string' || !isObject(answer['response'])))
    bad(`* GenerateContentRequest.${at}.function_response: name and response are required`);
}

const holding = (content: unknown, member: string): number =>
  isObject(content)
    ? listOf(content['parts']).filter((part) => isObject(part) && part[member] !== undefined).length
    : 0;

/** Calls are answered, one for one, in the turn after them. */
function checkCallTurns(contents: unknown[]): void {
  for (const [i, content] of contents.entries()) {
    const calls = holding(content, 'functionCall');
    const answers = holding(contents[i - 1] === undefined ? undefined : content, 'functionResponse');
    if (calls > 0 && i === 0) {
      bad(
        'Please ensure that function call turn comes immediately after a user turn or after a function response turn.',
      );
    }
    const asked = holding(contents[i - 1], 'functionCall');
    if (asked !== answers) {
      bad(
        'Please ensure that the number of function response parts is equal to the number of function call parts of ' +
          'the function call turn.',
      );
    }
  }
}

function checkTools(request: Json): void {
  for (const [i, tool] of listOf(request['tools']).entries()) {
    if (!isObject(tool)) continue;
    for (const [j, made] of listOf(tool['functionDeclarations']).entries()) {
      const at = `tools[${i}].function_declarations[${j}]`;
      if (!isObject(made)) continue;
      known(made, DECLARATION, at);
      if (!/^[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}$/.test(String(made['name'])))
        bad(`* GenerateContentRequest.${at}.name: Invalid function name.`);
      checkSchema(made['parameters'], `${at}.parameters`);
    }
  }
}

function checkContents(request: Json): void {
  const { contents, systemInstruction: system } = request;
  if (!Array.isArray(contents) || contents.length === 0)
    bad('* GenerateContentRequest.contents: contents is not specified\n');
  for (const [i, content] of contents.entries()) {
    if (!isObject(content)) bad(`Invalid value at 'contents[${i}]'`);
    known(content, CONTENT, `contents[${i}]`);
    if (!['user', 'model', 'function', 'undefined'].includes(String(content['role'])))
      bad('Please use a valid role: user, model.');
    const parts = listOf(content['parts']);
    if (parts.length === 0)
      bad(`* GenerateContentRequest.contents[${i}].parts: contents.parts must not be empty.\n`);
    for (const [j, part] of parts.entries()) checkPart(part, `contents[${i}].parts[${j}]`);
  }
  if (isObject(system)) {
    known(system, CONTENT, 'system_instruction');
    for (const [j, part] of listOf(system['parts']).entries())
      checkPart(part, `system_instruction.parts[${j}]`);
  }
  checkCallTurns(contents);
}

/** Throws what the API answers to a request it refuses. Fields are spelled in camelCase. */
export function checkGenerate(request: Json): void {
  known(request, REQUEST, '');
  checkContents(request);
  checkTools(request);
  const generation = request['generationConfig'];
  if (!isObject(generation)) return;
  known(generation, GENERATION, 'generation_config');
  checkSchema(generation['responseSchema'], 'generation_config.response_schema');
  const formed = generation['responseSchema'] ?? generation['responseJsonSchema'];
  if (formed !== undefined && generation['responseMimeType'] !== 'application/json')
    bad(
      'Function calling with a response mime type: response_schema needs response_mime_type application/json',
    );
  const { temperature } = generation;
  if (typeof temperature === 'number' && (temperature < 0 || temperature > 2))
    bad(
      '* GenerateContentRequest.generation_config.temperature: temperature must be in the range [0.0, 2.0].\n',
    );
}

/** The part of a `countTokens` request that is counted; throws like `checkGenerate`. */
export function checkCount(request: Json): unknown[] {
  known(request, COUNT, '');
  const whole = request['generateContentRequest'];
  if (isObject(whole)) {
    if (typeof whole['model'] !== 'string')
      bad('* CountTokensRequest.generate_content_request.model: is required\n');
    checkGenerate(whole);
    return listOf(whole['contents']);
  }
  checkContents(request);
  return listOf(request['contents']);
}
