import { type Path, quote } from './path.js';

/**
 * Places whose values may be quoted in messages; everywhere else only their type is named. A list of what is safe, not
 * of what is secret: a key pasted one level too high, or under a mistyped name, must not end up in a log.
 */
const PRINTABLE: readonly RegExp[] = [
  /^server\.(host|port|threads|body_limit|max_in_flight|max_headers|max_header_size|drain_timeout|fetch_allow\.\d+)$/,
  /^auth\.required$/,
  /^providers\.[^.]*\.(extends|base_url|formats\.[^.]*|timeouts\.[^.]*)$/,
  /^providers\.[^.]*\.keys\.\d+\.(weight|name|models\.\d+)$/,
  /^models\.[^.]*\.(strategy|targets\.\d+(\.(target|weight))?)$/,
  /^(models\.[^.]*\.)?ejection(\.[a-z]+)?$/,
  /^models\.[^.]*\.(retries|timeouts)\.[a-z_]+(\.[a-z_0-9]+)?$/,
  /^keys\.\d+\.(models\.\d+|budget\.[^.]*|limits\.[^.]*|expires)$/,
  /^mcp\.servers\.[^.]*\.(enabled|command|transport|start|memory|list_ttl|own_connections|result_limit|timeouts\.[^.]*|(allowed|denied)_tools\.\d+)$/,
  /^(models\.[^.]*|keys\.\d+)\.mcp\.(mode|(servers|tools)\.\d+)$/,
  /^mcp\.runs\.[a-z_]+$/,
  /^mcp\.(public_url|allowed_(hosts|origins)\.\d+|sessions\.[^.]*|virtual\.[^.]*\.(tools\.\d+(\.tool)?|code\.\d+))$/,
  /^plugins\.\d+\.(use|name|order|on_failure|timeout|isolate)$/,
  /^observability\.(sinks|otlp)\.\d+\.(use|name|enabled|spool|timeout|sample\..*|batch\.[^.]*|traces)$/,
  /^observability\.(prometheus(\.(litellm_names|max_series|max_times|(time_)?labels\.\d+))?|metadata\.\d+|trace_headers|log_level|log_format|log_requests|log_bodies(\.(share|max_bytes|secrets|keep|max_size|(keys|models)\.\d+))?|otlp\.\d+\.(metrics|interval|timeout))$/,
];

/** Whether the value at `path` may be quoted. */
function isPrintable(path: Path): boolean {
  const text = path.map((part) => String(part).replaceAll('.', '_')).join('.');
  return PRINTABLE.some((pattern) => pattern.test(text));
}

/** `a list`, `a text`, … */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string') return value === '' ? 'an empty text' : 'a text';
  return typeof value === 'boolean' ? 'true or false' : 'a number';
}

/** A value for "found …": quoted where that is safe, otherwise only its kind. */
export function describeFound(value: unknown, path: Path): string {
  if (typeof value === 'object' || value === undefined || value === '') return kindOf(value);
  if (!isPrintable(path)) return kindOf(value);
  return typeof value === 'string' ? quote(value) : String(value);
}
