import { type EmbeddingInput, type EmbeddingPart, type EmbeddingRequest, MalformedBody } from '@headgate/sdk';

/** The texts of a request for an API that takes nothing else. */
export function textsOf(request: EmbeddingRequest, api: string): string[] {
  return request.inputs.map((input) => textOf(input, api));
}

/** The text of an input. Throws MalformedBody when it is something else. */
export function textOf(input: EmbeddingInput, api: string): string {
  if (input.type === 'text') return input.text;
  return refuse(input, api);
}

/** Texts and pictures of an input. Throws MalformedBody when it is something else. */
export function partsOf(input: EmbeddingInput, api: string): EmbeddingPart[] {
  if (input.type === 'tokens') return refuse(input, api);
  return input.type === 'mixed' ? input.parts : [input];
}

function refuse({ type }: EmbeddingInput, api: string): never {
  const what = type === 'tokens' ? 'tokens' : 'pictures';
  throw new MalformedBody(`the input holds ${what}, which the model's API (${api}) does not take`, 'input');
}

/** What is wanted when nothing is said. */
export const FLOATS = { type: 'float', base64: false } as const;

/** The first way in which vectors should come that is among these types; the others are told about. */
export function encodingAmong(
  request: EmbeddingRequest,
  types: readonly string[],
  warn: (field: string, why: string) => void,
  field: string,
): EmbeddingRequest['encodings'][number] | undefined {
  const fits = request.encodings.filter(({ type }) => types.includes(type));
  if (fits.length < request.encodings.length || fits.length > 1)
    warn(field, `vectors come in one of the types ${types.join(', ')}`);
  return fits[0];
}
