/** The configuration of the documentation, less what this version refuses. */
export const EXAMPLE = `
server: { host: 127.0.0.1, port: 8080, threads: auto, body_limit: 50mb }
admin:  { token: "\${HEADGATE_ADMIN_TOKEN}" }
auth:   { required: true }
providers:
  openai:    { keys: [{ value: "\${OPENAI_API_KEY}", weight: 1 }] }
  anthropic: { keys: [{ value: "\${ANTHROPIC_API_KEY}" }] }
  local:     { extends: openai, base_url: "http://127.0.0.1:9001/v1", keys: [{ value: none }] }
models:
  support:
    strategy: fallback
    targets: [openai/gpt-4o, anthropic/claude-sonnet-4-5]
    retries: { attempts: 2, on: [429, 5xx, timeout, connection] }
    timeouts: { connect: 2s, first_byte: 20s, idle: 30s, total: 10m }
keys:
  - { name: ci, value: "\${CI_KEY}", models: ["*"], budget: { usd: 10, per: month }, limits: { rpm: 600, tpm: 200000 } }
plugins:
  - { use: guardrails/pii, config: { action: redact } }
store:   { url: "sqlite:./data/headgate.db" }
observability: { prometheus: true, log_bodies: false }
`;

export const EXAMPLE_ENV = {
  HEADGATE_ADMIN_TOKEN: 'adm-4f1c9d7e2b6a8053',
  OPENAI_API_KEY: 'sk-openai-9c2f7a1d4e',
  ANTHROPIC_API_KEY: 'sk-ant-0b8d3f6c5a',
  CI_KEY: 'hg-ci-7e1a5c9d3f2b8046',
};
