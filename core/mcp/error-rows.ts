import type { ErrorRow } from '../error-row.js';

/** Errors about servers of tools; part of the table of errors. */
export const mcpErrorRows = {
  mcp_host_unknown: {
    status: 403,
    kind: 'permission',
    message: 'MCP is not offered at the host "{host}"; mcp.allowed_hosts says where it is.',
  },
  mcp_origin_unknown: {
    status: 403,
    kind: 'permission',
    message: 'Pages of "{origin}" may not use MCP here; mcp.allowed_origins says which may.',
  },
  mcp_server_unknown: {
    status: 404,
    kind: 'not-found',
    message: 'There is no MCP server "{server}".',
    param: 'server',
  },
  mcp_server_not_allowed: {
    status: 403,
    kind: 'permission',
    message: 'The {who} may not use the MCP server "{server}".',
    param: 'server',
  },
  mcp_tool_unknown: {
    status: 404,
    kind: 'not-found',
    message: 'The MCP server "{server}" has no tool "{tool}".',
    param: 'tool',
  },
  mcp_tool_not_allowed: {
    status: 403,
    kind: 'permission',
    message: 'The {who} may not use the tool "{tool}" of the MCP server "{server}".',
    param: 'tool',
  },
  mcp_not_here: {
    status: 400,
    kind: 'invalid-request',
    message:
      'Tools of MCP servers can be added to chat completions, Responses and Messages, not to {path}: leave out the header "{header}".',
  },
  mcp_server_url_refused: {
    status: 403,
    kind: 'permission',
    message:
      'The tool with the label "{label}" is no MCP server of this gateway, its address is not among those of mcp.allow_server_url, and no ' +
      'target of the model "{model}" takes it as it is.',
    param: 'tools',
  },
  mcp_run_choices: {
    status: 400,
    kind: 'invalid-request',
    message: 'A request whose tools the gateway runs has one answer, not {n}.',
    param: 'n',
  },
  mcp_run_elsewhere: {
    status: 400,
    kind: 'invalid-request',
    message:
      'What the request goes on from is kept by its provider, so the gateway cannot run tools in it; send the conversation itself.',
    param: 'previous_response_id',
  },
  mcp_run_unknown: {
    status: 404,
    kind: 'not-found',
    message: 'There is no run "{id}" that waits, for this key, at {path} and with the model "{model}".',
  },
  mcp_tool_held: {
    status: 409,
    kind: 'unavailable',
    message:
      'The tool "{tool}" of the MCP server "{server}" is held back: its description or schema is not the one that was pinned.',
    param: 'tool',
  },
  mcp_arguments_invalid: {
    status: 400,
    kind: 'invalid-request',
    message: 'The arguments do not fit the schema of the tool "{tool}": {why}.',
    param: 'arguments',
  },
  mcp_schema_invalid: {
    status: 502,
    kind: 'upstream',
    message: 'What the MCP server "{server}" gives as schema of its tool "{tool}" is none: {why}.',
  },
  mcp_call_failed: {
    status: 502,
    kind: 'upstream',
    message: 'The MCP server "{server}" answered the call of "{tool}" with the error {code}: {why}',
  },
  mcp_result_invalid: {
    status: 502,
    kind: 'upstream',
    message:
      'What the tool "{tool}" of the MCP server "{server}" returned does not fit its own schema: {why}.',
  },
  mcp_result_too_large: {
    status: 502,
    kind: 'upstream',
    message:
      'What the tool "{tool}" of the MCP server "{server}" returned is larger than the {limit} bytes that this gateway accepts ' +
      '(result_limit).',
  },
  mcp_server_unavailable: {
    status: 503,
    kind: 'unavailable',
    message: 'The MCP server "{server}" is not available: {why}.',
  },
  mcp_scope_missing: {
    status: 403,
    kind: 'permission',
    message: 'The token does not have the rights that this wants: {scopes}.',
  },
  mcp_credential_missing: {
    status: 403,
    kind: 'permission',
    message: 'The MCP server "{server}" wants a credential of its user, and there is none: {how}.',
    param: 'server',
  },
  mcp_authorization_required: {
    status: 403,
    kind: 'permission',
    message:
      'Nobody has signed in to the MCP server "{server}" for the {who} yet, or not with the rights that it wants: open {url} in a browser.',
    param: 'server',
  },
  mcp_sign_in_stale: {
    status: 400,
    kind: 'invalid-request',
    message:
      'This sign-in has taken too long, was used before, or did not begin in this browser: ask the MCP server once more, and open the link that you are given.',
  },
  mcp_sign_in_refused: {
    status: 403,
    kind: 'permission',
    message: 'The sign-in to the MCP server "{server}" failed: {why}.',
  },
  mcp_server_gone: {
    status: 502,
    kind: 'upstream',
    message: 'The MCP server "{server}" was gone before it answered the call of "{tool}": {why}.',
  },
  mcp_timeout: {
    status: 504,
    kind: 'timeout',
    message: 'The tool "{tool}" of the MCP server "{server}" did not answer within {ms} ms.',
  },
} as const satisfies Record<string, ErrorRow>;
