import { checkConverse } from './bedrock-checks.js';
import { converseAnswer, converseEvents, converseException } from './bedrock-converse.js';
import type { Reply } from './delivery.js';
import { scripted } from './error-after.js';
import { type Json, parseObject, Refused } from './json-value.js';
import { type Behaviour, type FakeProvider, startProvider } from './provider.js';
import type { Received } from './received.js';

const words: Record<number, [type: string, message: string]> = {
  400: ['ValidationException', 'The provided model identifier is invalid.'],
  403: ['UnrecognizedClientException', 'The security token included in the request is invalid.'],
  404: [
    'ResourceNotFoundException',
    'Could not resolve the foundation model from the provided model identifier.',
  ],
  408: ['ModelTimeoutException', 'Model has timed out in processing the request. Try your request again.'],
  424: [
    'ModelErrorException',
    'The system encountered an unexpected error during processing. Try your request again.',
  ],
  429: ['ThrottlingException', 'Too many requests, please wait before trying again.'],
  500: [
    'InternalServerException',
    'The system encountered an unexpected error during processing. Try your request again.',
  ],
  503: ['ServiceUnavailableException', 'Bedrock is unable to process your request.'],
};

const requestId = (number: number): string => `0b5b7f5e-6c3c-4c3a-8a5c-${String(number).padStart(12, '0')}`;

/** Amazon Bedrock's runtime as its API reference documents it: Converse and ConverseStream, and their errors. */
export function startBedrock(): Promise<FakeProvider> {
  return startProvider(respond);
}

function respond(request: Received, behaviour: Behaviour, number: number): Reply {
  const headers = {
    'x-amzn-requestid': requestId(number),
    'content-type': 'application/json',
    ...behaviour.headers,
  };
  const failed = (status: number, more: Json): Reply => {
    const [type, message] = words[status] ?? ['InternalServerException', 'Internal error'];
    const errorType = `${type}:http://internal.amazon.com/coral/com.amazon.bedrock/`;
    return {
      status,
      headers: { 'x-amzn-errortype': errorType, ...headers },
      body: JSON.stringify({ message, ...more }),
    };
  };
  if (behaviour.body !== undefined) return { status: behaviour.status ?? 200, headers, body: behaviour.body };
  if (behaviour.status !== undefined && behaviour.status >= 400)
    return failed(behaviour.status, behaviour.error ?? {});
  if (request.key === '' && !isSigned(request))
    return failed(403, { message: 'Missing Authentication Token' });
  try {
    return route(request, behaviour, headers);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return failed(error.status, { message: error.message });
  }
}

/** Whether AWS would find a signature to look at. What it says is the business of the signer's own tests. */
function isSigned({ headers }: Received): boolean {
  return (
    /^AWS4-HMAC-SHA256 Credential=[^,]+\/bedrock\/aws4_request, ?SignedHeaders=[^,]+, ?Signature=[0-9a-f]{64}$/.test(
      headers.authorization ?? '',
    ) && typeof headers['x-amz-date'] === 'string'
  );
}

function route(request: Received, behaviour: Behaviour, headers: Record<string, string>): Reply {
  const operation = /^\/model\/[^/]+\/(converse|converse-stream)$/.exec(request.url)?.[1];
  if (request.method !== 'POST' || operation === undefined)
    return {
      status: 404,
      headers: { ...headers, 'x-amzn-errortype': 'UnknownOperationException' },
      body: '{}',
    };
  const body = parseObject(request.body);
  if (body === null) throw new Refused(400, 'The request body is no JSON object');
  checkConverse(body);
  const answer = behaviour.answer ?? { text: 'Hello from the fake Bedrock.' };
  if (operation === 'converse') return { status: 200, headers, body: JSON.stringify(converseAnswer(answer)) };
  return {
    status: 200,
    headers: { ...headers, 'content-type': 'application/vnd.amazon.eventstream', ...behaviour.headers },
    body: {
      events: scripted(behaviour, converseEvents(answer), converseException(behaviour.error ?? {})),
      terminator: '',
    },
  };
}
