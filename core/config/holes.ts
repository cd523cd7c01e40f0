/** `{region}`, but neither `{model}`, which stands for each request's model, nor `{whole|streamed}`. */
const HOLE = /\{(?!model\})([a-z][a-z0-9_]*)\}/g;

/** Names of the variables that a text of a provider's row needs. */
export function holesIn(text: string): string[] {
  return [...text.matchAll(HOLE)].map((match) => match[1] as string);
}

/** The text with its variables in place; one that is not there stays as it is. */
export function fillHoles(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(HOLE, (hole, name: string) => values.get(name) ?? hole);
}
