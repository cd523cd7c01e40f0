/** Readers of the raw JSON text of one scanned field. They look at small values and never throw. */

export function scannedInteger(json: string | undefined): number | undefined {
  if (json === undefined) return undefined;
  const value = Number(json);
  return Number.isSafeInteger(value) && value >= 0 && json !== '' && json !== 'null' ? value : undefined;
}

export function scannedString(json: string | undefined): string | undefined {
  if (json === undefined || json.length < 2 || json.charCodeAt(0) !== 0x22) return undefined;
  if (!json.includes('\\')) return json.slice(1, -1);
  const value = scannedJson(json);
  return typeof value === 'string' ? value : undefined;
}

/** Undefined when the text is no JSON. */
export function scannedJson(json: string | undefined): unknown {
  if (json === undefined) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
