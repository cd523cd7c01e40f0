import type { SettledRecord } from '@headgate/sdk';
import { usdText } from '../money.js';
import { countText, durationText, stringText } from '../store/json-text.js';

/**
 * The log line of a settled request, in the shape that the logger gives its own lines. The fields are named here one by
 * one, so nothing a request carried can slip in: no header, no body, no credential.
 */
export function requestLine(record: SettledRecord): string {
  const usage = record.usage;
  return (
    `{"level":"info","time":${Math.round(record.time + record.totalMs)},"msg":"request","id":${stringText(record.id)}` +
    `,"key":${stringText(record.keyName)},"customer":${stringText(record.customer)},"model":${stringText(record.model)}` +
    `,"provider":${stringText(record.provider)},"target":${stringText(record.targetModel)}` +
    `,"operation":"${record.operation}","status":${record.status},"outcome":"${record.outcome}","stream":${record.stream}` +
    `,"input_tokens":${usage === null ? 'null' : countText(usage.inputTokens)}` +
    `,"output_tokens":${usage === null ? 'null' : countText(usage.outputTokens)}` +
    `,"cached_tokens":${usage === null ? 'null' : countText(usage.cacheReadTokens)}` +
    `,"reasoning_tokens":${usage === null ? 'null' : countText(usage.reasoningTokens)}` +
    `,"cost_usd":${record.costNano === null ? 'null' : `"${usdText(record.costNano)}"`}` +
    `,"attempts":${record.attempts.length},"ms":${durationText(record.totalMs)}` +
    `,"ttft_ms":${durationText(record.firstTokenMs)},"overhead_us":${durationText(record.overheadUs)}` +
    `,"cache":${stringText(record.cache)},"error":${stringText(record.error)}}\n`
  );
}
