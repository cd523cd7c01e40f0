import type { ToolDefinition } from './protocol.js';

/** A tool as the API tells it, to those who may use it and to admins alike. */
export function toolJson(server: string, tool: ToolDefinition) {
  const { name, title, description, inputSchema, outputSchema, annotations, extra, fingerprint } = tool;
  return {
    server,
    name,
    title: title === '' ? null : title,
    description,
    input_schema: inputSchema,
    output_schema: outputSchema,
    annotations,
    ...extra,
    fingerprint,
  };
}
