import type { EmbeddingRequest, EncodeContext, TaskCodec, TaskRequest } from '@headgate/sdk';
import { understood } from '../canonical-of.js';
import type { Exchange } from '../exchange.js';
import { editFields } from '../route/field-edits.js';
import type { Speech } from '../route/speech.js';
import type { CompiledTarget } from '../route/target.js';

/**
 * The bodies of a request that is no chat for one target: one, or several where the provider takes fewer inputs at a time
 * than there are. The parts are kept, since their answers are read one by one.
 */
export function encodeTask(
  x: Exchange,
  task: TaskRequest,
  target: CompiledTarget,
  { format }: Speech,
  context: EncodeContext,
): Buffer[] {
  const codec = format.task as TaskCodec;
  const parts = divided(task, codec.maxInputs?.(target.model) ?? Number.POSITIVE_INFINITY);
  x.parts = parts.length === 1 ? null : parts;
  const wanted = target.provider.edits.get(format.id);
  return parts.map((part) => {
    // What no target of that format can be told (tokens, pictures) is the client's to hear.
    const body = understood(() => codec.encodeRequest(part, context));
    if (wanted !== undefined) editFields(body, wanted);
    return Buffer.from(JSON.stringify(body));
  });
}

/** Only vectors do not depend on what else is asked for. */
function divided(task: TaskRequest, most: number): TaskRequest[] {
  if (task.operation !== 'embedding' || task.inputs.length <= most) return [task];
  const parts: EmbeddingRequest[] = [];
  for (let from = 0; from < task.inputs.length; from += most)
    parts.push({ ...task, inputs: task.inputs.slice(from, from + most) });
  return parts;
}
