/** Where a value sits in the configuration: keys and list indices from the top. */
export type Path = readonly (string | number)[];

const PLAIN = /^[A-Za-z0-9_-]+$/;

/** `['models', 'gpt-4.1', 'targets', 0]` → `models["gpt-4.1"].targets[0]`; the top itself is `''`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (PLAIN.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${quote(part)}]`;
  }
  return text;
}

/** A key for maps of paths. */
export function pathKey(path: Path): string {
  return JSON.stringify(path);
}

const MAX_SHOWN = 60;

/** Text from a file as it may appear in a message: quoted, cut, and without control or direction-changing characters. */
export function quote(text: string): string {
  const cut = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
  return JSON.stringify(cut).replace(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
