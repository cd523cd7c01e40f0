const COLORS: Readonly<Record<string, string>> = {
  trace: '\u001b[90m',
  debug: '\u001b[36m',
  info: '\u001b[32m',
  warn: '\u001b[33m',
  error: '\u001b[31m',
  fatal: '\u001b[35m',
};
const PLAIN = '\u001b[0m';

/**
 * Log lines for people: time, level, message, fields.
 *
 * @param lines JSON, one a line, each with its line feed
 */
export function prettyLines(lines: string, colors: boolean): string {
  let text = '';
  for (const line of lines.split('\n')) if (line !== '') text += `${prettyLine(line, colors)}\n`;
  return text;
}

function prettyLine(line: string, colors: boolean): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const name = String(level).toUpperCase().padEnd(5);
  const shown = colors ? `${COLORS[String(level)] ?? ''}${name}${PLAIN}` : name;
  const rest = Object.entries(fields)
    .filter(([, value]) => value !== null && value !== '')
    .map(([field, value]) => ` ${field}=${fieldText(value)}`);
  return `${new Date(Number(time)).toISOString()} ${shown} ${oneLine(String(msg ?? ''))}${rest.join('')}`;
}

function fieldText(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return /^[\x21\x23-\x7e]+$/.test(value) ? value : JSON.stringify(value);
}

/** A message of somebody else's could pretend to be two lines. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}
