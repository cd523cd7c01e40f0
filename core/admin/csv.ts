export type Field = string | number;

/** RFC 4180: a header line, if any, then one line a row; CRLF. */
export function csv(header: readonly string[] | null, rows: readonly (readonly Field[])[]): string {
  let text = header === null ? '' : line(header);
  for (const row of rows) text += line(row);
  return text;
}

function line(row: readonly Field[]): string {
  let text = '';
  for (let i = 0; i < row.length; i++)
    text += i === 0 ? csvField(row[i] as Field) : `,${csvField(row[i] as Field)}`;
  return `${text}\r\n`;
}

/** `@`: letters, of which nearly all values are, begin behind it. */
const MOST_FORMULA = 64;

/** One field of a line. */
export function csvField(value: Field): string {
  if (typeof value === 'number') return String(value);
  // Clients choose their customer names, and a spreadsheet would run a name that looks like a formula.
  const safe =
    value.charCodeAt(0) <= MOST_FORMULA && /^[=+\-@\t\r]/.test(value) && !/^-?\d+(\.\d+)?$/.test(value)
      ? `'${value}`
      : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
