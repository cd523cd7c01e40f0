import type { Measure, RuleWindow } from '@headgate/sdk';
import { addressOf, shownAddress } from '../store/sql/address.js';
import type {
  Config,
  ModelConfig,
  PluginConfig,
  ProviderConfig,
  RetriesConfig,
  VirtualKeyConfig,
} from './config.js';
import { formatDuration } from './duration.js';
import { formatFetchRule } from './fetch-rule.js';
import type { LoadedConfig } from './load.js';
import type { AttachedTools, McpServerConfig } from './mcp-config.js';
import { formatProblems } from './problem.js';
import { DEFAULT_EJECTION, type EjectionRules } from './sections/ejection.js';
import type { Timeouts } from './sections/timeouts.js';
import { formatSize } from './size.js';

const count = (amount: number, noun: string): string => `${amount} ${noun}${amount === 1 ? '' : 's'}`;

/** `429, 5xx`: classes that are complete are named as such. */
function statusesOf(retries: RetriesConfig): string[] {
  const rest = new Set(retries.statuses);
  const named: string[] = [];
  for (const [name, first] of [
    ['4xx', 400],
    ['5xx', 500],
  ] as const) {
    const all = Array.from({ length: 100 }, (_, index) => first + index);
    if (!all.every((status) => rest.has(status))) continue;
    for (const status of all) rest.delete(status);
    named.push(name);
  }
  return [...[...rest].toSorted((a, b) => a - b).map(String), ...named];
}

function retriesLine(retries: RetriesConfig): string {
  const on = statusesOf(retries);
  if (retries.onTimeout) on.push('timeout');
  if (retries.onConnection) on.push('connection');
  const pause = `${formatDuration(retries.backoffInitialMs)} to ${formatDuration(retries.backoffMaxMs)}`;
  const tries = retries.attempts === 1 ? '1 try' : `${retries.attempts} tries`;
  return `${tries} a target, on ${on.length === 0 ? 'nothing' : on.join(', ')}, pausing ${pause}`;
}

function timeoutsLine(timeouts: Timeouts): string {
  const { connectMs, firstByteMs, idleMs, totalMs } = timeouts;
  const said = [`connect ${formatDuration(connectMs)}`, `first byte ${formatDuration(firstByteMs)}`];
  return [...said, `idle ${formatDuration(idleMs)}`, `total ${formatDuration(totalMs)}`].join(', ');
}

const ORIGINS: Record<ProviderConfig['origin'], string> = {
  file: '',
  store: ' (in the store)',
  env: ' (not in the file: its variable is set)',
  target: ' (not in the file: a target names it)',
  'built-in': ' (built in)',
};

function providerLines(provider: ProviderConfig, hasFile: boolean): string[] {
  const origin = hasFile || provider.origin === 'built-in' ? ORIGINS[provider.origin] : '';
  const from = provider.extends === null ? '' : `, extends ${provider.extends}`;
  const keys = provider.keys.length === 0 ? 'no key' : count(provider.keys.length, 'key');
  const lines = [`  ${provider.id}  ${provider.baseUrl ?? 'inside this process'}${from}, ${keys}${origin}`];
  if (provider.variables.size > 0) {
    const said = [...provider.variables].map(([name, { value, source }]) => `${name} ${value} (${source})`);
    lines.push(`      variables ${said.join(', ')}`);
  }
  for (const key of provider.keys) {
    const name = key.name === null ? '' : `${key.name}: `;
    const models = key.models === null ? '' : `, for ${key.models.join(' ')}`;
    lines.push(`      key ${name}${key.value} from ${key.source}, weight ${key.weight}${models}`);
  }
  if (provider.headers.size > 0) {
    lines.push(
      `      headers ${[...provider.headers].map(([name, value]) => `${name}: ${value}`).join(', ')}`,
    );
  }
  if (provider.formats !== null) {
    lines.push(
      `      formats ${Object.entries(provider.formats)
        .map(([format, path]) => `${format} at ${path}`)
        .join(', ')}`,
    );
  }
  return lines;
}

function modelLines(model: ModelConfig): string[] {
  const lines = [`  ${model.name}  ${model.strategy}, ${retriesLine(model.retries)}`];
  if (model.targets.length > 1 && model.ejection !== DEFAULT_EJECTION)
    lines.push(`      ${ejectionLine(model.ejection)}`);
  if (model.onUnsupported !== null) lines.push(`      ${MISSING[model.onUnsupported]}`);
  if (model.unpriced !== null) lines.push(`      targets without a price: ${model.unpriced}`);
  if (model.attached !== null) lines.push(`      ${toolsOf(model.attached)}`);
  for (const target of model.targets) {
    const share = model.strategy === 'weighted' ? `, weight ${target.weight}` : '';
    lines.push(`      ${target.provider}/${target.model}${share}; ${timeoutsLine(target.timeouts)}`);
  }
  return lines;
}

function ejectionLine(rules: EjectionRules | null): string {
  if (rules === null) return 'targets that fail are asked as before';
  const { after, firstMs, mostMs } = rules;
  return `targets are passed over after ${count(after, 'failure')} in a row, for ${formatDuration(firstMs)} to ${formatDuration(mostMs)}`;
}

function keyLine(key: VirtualKeyConfig): string {
  const said = [`models ${key.models.join(' ')}`];
  if (key.passthrough === false) said.push('no pass-through');
  else if (key.passthrough !== true) said.push(`pass-through to ${key.passthrough.join(' ')}`);
  if (key.unpriced !== null) said.push(`models without a price: ${key.unpriced}`);
  for (const one of key.link.budgets) said.push(`${one.capNanos / 1e9} USD a ${windowWords(one)}`);
  for (const one of key.link.limits) {
    const most = one.of === 'nanos' ? `${one.max / 1e9} USD` : `${one.max} ${MEASURE_WORDS[one.of]}`;
    said.push(`${most} a ${windowWords(one)}`);
  }
  if (key.link.parallel !== null) said.push(`${count(key.link.parallel, 'request')} at once`);
  if (key.attached !== null) said.push(toolsOf(key.attached));
  if (key.sockets !== null) said.push(`${count(key.sockets, 'WebSocket')} at once`);
  const { expiresMs } = key.access;
  if (expiresMs !== null) said.push(`until ${new Date(expiresMs).toISOString()}`);
  if (key.metadata.customer !== null) said.push(`customer ${key.metadata.customer}`);
  if (key.metadata.tags.length > 0) said.push(`tags ${key.metadata.tags.join(' ')}`);
  for (const name of key.parents) said.push(`of ${name.replace(':', ' ')}`);
  return `  ${key.name}  ${key.value ?? 'known by its hash'}, ${said.join(', ')}`;
}

function toolsOf({ servers, tools, mode, select }: AttachedTools): string {
  const only = tools === null ? '' : `, only ${tools.join(' ')}`;
  return `tools of ${servers.join(' ')}${only}, ${mode === 'agent' ? 'run here' : 'calls returned'}${select === 'all' ? '' : `, by ${select}`}`;
}

const MEASURE_WORDS: Record<Measure, string> = {
  requests: 'requests',
  input_tokens: 'input tokens',
  output_tokens: 'output tokens',
  total_tokens: 'tokens',
  nanos: 'nano-dollars',
};

function windowWords({ per, window, timeZone }: RuleWindow): string {
  return `${window === 'rolling' ? 'rolling ' : ''}${per}${timeZone === 'UTC' ? '' : ` in ${timeZone}`}`;
}

function entityLines(config: Config): string[] {
  const lines = [...config.entities.values()].map(({ access }) => `  ${access.who}`);
  return lines.length === 0 ? [] : section('entities', lines);
}

function pluginLine(plugin: PluginConfig): string {
  const said = [plugin.name === null ? plugin.use : `${plugin.use} as ${plugin.name}`];
  if (plugin.path !== null) said.push(`from ${plugin.path}`);
  if (plugin.order !== null) said.push(`order ${plugin.order}`);
  if (plugin.onFailure !== null) said.push(`fails ${plugin.onFailure}`);
  if (plugin.timeoutMs !== null) said.push(`at most ${formatDuration(plugin.timeoutMs)}`);
  return `  ${said.join(', ')}, config ${JSON.stringify(plugin.config)}`;
}

/** Where a server is, without what is secret of it. */
function serverLine({ id, transport, auth, start, link, tools }: McpServerConfig): string {
  const { kind } = transport;
  const where = placeOf(transport);
  const said = [start === 'boot' ? 'started with the gateway' : 'started on demand'];
  if (kind === 'stdio' && transport.env.size > 0)
    said.push(`variables ${[...transport.env.keys()].join(' ')}`);
  if (kind !== 'stdio' && transport.headers.size > 0)
    said.push(`headers ${[...transport.headers.keys()].join(' ')}`);
  if (auth.kind !== 'none') said.push(`credentials by ${auth.kind}`);
  if (link.budgets.length + link.limits.length > 0) said.push('has limits');
  for (const [name, { priceNano }] of tools)
    if (priceNano > 0) said.push(`${name} ${priceNano / 1e9} USD a call`);
  return `  ${id}  ${where}, ${said.join(', ')}`;
}

function placeOf(transport: McpServerConfig['transport']): string {
  const { kind } = transport;
  if (kind === 'stdio') return [transport.command, ...(transport.args.toJSON() as string[])].join(' ');
  if (kind !== 'openapi') return `${transport.url.toJSON()} (${kind})`;
  const { document, base } = transport;
  const from = 'file' in document ? document.file : document.url.toJSON();
  return base === null ? `the API of ${from}` : `${base.toJSON()} (API of ${from})`;
}

function mcpLines({ mcp }: Config): string[] {
  if (mcp === null) return [];
  const made = [...mcp.virtual].map(
    ([id, { tools, code }]) =>
      `  ${id}  virtual, at /mcp/${id}, ${code === null ? `tools ${[...tools.keys()].join(', ')}` : `programs over ${code.join(', ')}`}`,
  );
  return section('MCP servers', [...[...mcp.servers.values()].map(serverLine), ...made]);
}

const MISSING: Record<Config['onUnsupported'], string> = {
  drop: 'those a target has no words for are left out',
  warn: 'those a target has no words for are left out and named in x-headgate-dropped',
  reject: 'those a target has no words for make it unfit',
};

const AUTH: Record<Config['auth']['from'], string> = {
  setting: 'as set',
  keys: 'because there are keys',
  default: 'because there are no keys',
};

function settingLines(config: Config): string[] {
  const { server, auth, observability } = config;
  const scheme = server.tls === null ? 'http' : 'https';
  const host = server.host.includes(':') && !server.host.startsWith('[') ? `[${server.host}]` : server.host;
  const limits = `body ${formatSize(server.bodyLimitBytes)}, upload ${formatSize(server.uploadLimitBytes)}, ${count(server.maxHeaders, 'header')} of ${formatSize(server.maxHeaderBytes)}`;
  const pushed = observability.otlp
    .filter(({ metrics }) => metrics)
    .map(({ url }) => url.toJSON())
    .join(' ');
  const yes = (on: boolean): string => (on ? 'on' : 'off');
  const fetchable = server.fetchAllow.map(formatFetchRule).join(' ');
  return [
    `server  ${scheme}://${host}:${server.port}, threads ${server.threads}, drains for ${formatDuration(server.drainTimeoutMs)}`,
    `limits  ${limits}, ${count(server.maxInFlight, 'request')} at once in a thread`,
    ...(fetchable === '' ? [] : [`fetch   plugins may fetch from ${fetchable}`]),
    `admin   ${adminLine(config)}`,
    `auth    virtual key ${auth.required ? 'required' : 'not required'}, ${AUTH[auth.from]}`,
    `data    ${config.dataDir}`,
    `fields  ${MISSING[config.onUnsupported]}`,
    `prices  ${count(Object.keys(config.prices).length, 'override')}, models without a price: ${config.unpriced}`,
    `store   ${shownAddress(addressOf(config.store))}`,
    ...(config.cluster === null
      ? []
      : [
          `cluster ${config.cluster.name} through ${config.cluster.redis.toJSON()}, without it ${config.cluster.policy}`,
        ]),
    `log     level ${observability.logLevel}, ${observability.logFormat}, requests ${yes(observability.logRequests)}`,
    ...sinkLines(config),
    ...alertLines(config),
    `metrics ${yes(observability.prometheus)}${pushed === '' ? '' : `, pushed to ${pushed}`}`,
  ];
}

function sinkLines({ observability: { sinks, otlp } }: Config): string[] {
  const traced = otlp.filter(({ traces }) => traces !== null).map(({ url }) => String(url.toJSON()));
  return [
    ...(traced.length === 0 ? [] : [`traces  to ${traced.join(' ')}`]),
    ...(sinks.length === 0
      ? []
      : [`sinks   ${sinks.map(({ name, use }) => (name === use ? name : `${name} (${use})`)).join(' ')}`]),
  ];
}

function alertLines({ alerts }: Config): string[] {
  if (alerts === null) return [];
  const told = alerts.destinations.map((one) => one.reveal()).map(({ name, kind }) => `${name} (${kind})`);
  return [`alerts  ${count(alerts.rules.length, 'rule')}, told to ${told.join(', ')}`];
}

function adminLine({ admin: { token, required, oidc } }: Config): string {
  const own = required ? 'token made at the first start' : 'no token';
  return `${token === null ? own : `token ${token}`}${oidc === null ? '' : `, sign-in at ${oidc.issuer}`}`;
}

function defaultLines({ defaults }: Config): string[] {
  if (defaults.size === 0) return [];
  return section(
    'defaults',
    [...defaults].map(([api, provider]) => `  ${api}  ${provider}`),
  );
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [`${title}  none`] : [title, ...lines];
}

/** What `headgate check` prints: the configuration as it will be used, for people, without a secret. */
export function printConfig(loaded: LoadedConfig): string {
  const { config, file, warnings } = loaded;
  const lines = [
    file === null ? 'no configuration file: defaults and environment' : `${file} is valid`,
    ...settingLines(config),
    ...section(
      'providers',
      [...config.providers.values()].flatMap((provider) => providerLines(provider, file !== null)),
    ),
    ...section('models', [...config.models.values()].flatMap(modelLines)),
    ...defaultLines(config),
    ...entityLines(config),
    ...section('keys', config.keys.map(keyLine)),
    ...mcpLines(config),
    ...section('plugins', config.plugins.map(pluginLine)),
  ];
  if (warnings.length > 0)
    lines.push(
      ...section(
        'warnings',
        formatProblems(warnings, file)
          .split('\n')
          .map((line) => `  ${line}`),
      ),
    );
  return loaded.hide(lines.join('\n'));
}
