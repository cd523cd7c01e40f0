import type { AttemptRecord, SettledRecord, Usage } from '@headgate/sdk';
import { countText, durationText, stringText } from './json-text.js';

/**
 * What the `detail` column holds, in this order: everything of a record that has no column of its own. An array rather
 * than an object halves the text, and the table grows by it. New fields go to the end; the view `requests_readable` gives
 * them names.
 */
export const DETAIL_FIELDS = [
  'operation',
  'format',
  'stream',
  'key_name',
  'target_model',
  'error',
  'cache',
  'total_ms',
  'first_byte_ms',
  'first_token_ms',
  'overhead_us',
  /** Null, or the eight numbers of the SDK's `Usage` in its order. */
  'usage',
  /** Of each attempt: provider, model, name of the provider's key, status, error or null, ms. */
  'attempts',
  'session',
  'tags',
] as const;

export function requestDetail(record: SettledRecord): string {
  return (
    `["${record.operation}",${stringText(record.format)},${record.stream},${stringText(record.keyName)}` +
    `,${stringText(record.targetModel)},${stringText(record.error)},${stringText(record.cache)}` +
    `,${durationText(record.totalMs)},${durationText(record.firstByteMs)},${durationText(record.firstTokenMs)}` +
    `,${durationText(record.overheadUs)},${usageText(record.usage)},${attemptsText(record.attempts)}` +
    `,${stringText(record.session)},${record.tags.length === 0 ? '[]' : JSON.stringify(record.tags)}]`
  );
}

function usageText(usage: Usage | null): string {
  if (usage === null) return 'null';
  return (
    `[${countText(usage.inputTokens)},${countText(usage.outputTokens)},${countText(usage.cacheReadTokens)}` +
    `,${countText(usage.cacheWriteTokens)},${countText(usage.cacheWriteLongTokens)},${countText(usage.reasoningTokens)}` +
    `,${countText(usage.inputAudioTokens)},${countText(usage.outputAudioTokens)}]`
  );
}

function attemptsText(attempts: readonly AttemptRecord[]): string {
  let text = '[';
  for (let i = 0; i < attempts.length; i++) {
    const { provider, model, key, status, error, ms } = attempts[i]!;
    text += `${i === 0 ? '[' : ',['}${stringText(provider)},${stringText(model)},${stringText(key)},${status}`;
    text += `,${error === null ? 'null' : stringText(error)},${durationText(ms)}]`;
  }
  return `${text}]`;
}
