/**
 * What a record has as `finish` when the result of a tool says that it is an error (`isError`): the call itself went well. The word is
 * that of OpenTelemetry's conventions for MCP: https://opentelemetry.io/docs/specs/semconv/gen-ai/mcp/.
 */
export const TOOL_FAILED = 'tool_error';
