import type { CanonicalRequest, Message, Part } from '@headgate/sdk';
import type { CallResult } from './result-parts.js';
import type { RunPlan } from './run-plan.js';

/** The conversation with what the model said and what its calls gave. A call that was forced is so only once. */
export function nextRequest(
  request: CanonicalRequest,
  { items }: RunPlan,
  parts: readonly Part[],
  results: ReadonlyMap<string, CallResult>,
): CanonicalRequest {
  const said: Message = { role: 'assistant', parts: items === null ? [...parts] : items.again(parts) };
  const told = [...results].map(
    ([callId, { parts: content, failed }]): Message => ({
      role: 'tool',
      parts: [{ type: 'tool-result', callId, content, ...(failed && { isError: true }) }],
    }),
  );
  const { toolChoice, ...rest } = request;
  const forced = toolChoice?.mode === 'required' || toolChoice?.mode === 'tool';
  return {
    ...rest,
    messages: [...request.messages, said, ...told],
    ...(toolChoice !== undefined && !forced && { toolChoice }),
  };
}
