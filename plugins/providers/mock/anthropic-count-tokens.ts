import type { Answer } from './answer.js';
import { anthropicHeaders, anthropicRequestId } from './anthropic-errors.js';
import { readMessages } from './anthropic-request.js';
import { whole } from './pacing.js';
import type { Scene } from './scene.js';

/** Token counting: https://docs.claude.com/en/api/messages-count-tokens. */
export function anthropicCountTokens(scene: Scene): Answer {
  const { inputTokens } = readMessages(scene.body, true);
  return {
    status: 200,
    headers: ['content-type', 'application/json', ...anthropicHeaders(anthropicRequestId(scene.ids), 200)],
    delayMs: scene.script.delayMs,
    steps: whole(JSON.stringify({ input_tokens: inputTokens }), scene.script),
  };
}
