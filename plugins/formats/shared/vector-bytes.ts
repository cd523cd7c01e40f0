import { type EmbeddingVector, MalformedBody, type VectorEncoding, type VectorType } from '@headgate/sdk';

/**
 * Vectors as lists of numbers and as the base64 of their bytes. Floats are of 32 bits, the lowest byte first, as OpenAI,
 * Cohere, Voyage and Jina write them; a list of such floats comes back bit by bit.
 */

const FLOAT_BYTES = 4;

/** Bytes that are the numbers of a vector of this type. Throws MalformedBody when they cannot be. */
export function numbersFrom(base64: string, type: VectorType): number[] {
  const bytes = Buffer.from(base64, 'base64');
  if (type === 'int8' || type === 'binary') return Array.from(bytes, signed);
  if (type !== 'float') return [...bytes];
  if (bytes.length % FLOAT_BYTES !== 0)
    throw new MalformedBody(`a vector of floats in base64 has ${bytes.length} bytes, not a multiple of 4`);
  const numbers = new Array<number>(bytes.length / FLOAT_BYTES);
  for (let i = 0; i < numbers.length; i++) numbers[i] = bytes.readFloatLE(i * FLOAT_BYTES);
  return numbers;
}

export function base64From(numbers: readonly number[], type: VectorType): string {
  if (type !== 'float') return Buffer.from(numbers).toString('base64');
  const bytes = Buffer.allocUnsafe(numbers.length * FLOAT_BYTES);
  for (let i = 0; i < numbers.length; i++) bytes.writeFloatLE(numbers[i] as number, i * FLOAT_BYTES);
  return bytes.toString('base64');
}

function signed(byte: number): number {
  return byte > 127 ? byte - 256 : byte;
}

/** A vector as it was asked for; undefined when it did not come in that type. */
export function vectorAs(
  vector: EmbeddingVector,
  { type, base64 }: VectorEncoding,
): readonly number[] | string | undefined {
  const found = vector[type];
  if (found === undefined) return undefined;
  if (typeof found === 'string') return base64 ? found : numbersFrom(found, type);
  return base64 ? base64From(found, type) : found;
}

const TYPES: readonly VectorType[] = ['float', 'int8', 'uint8', 'ubinary', 'binary'];

/** The same, or what came instead. */
export function vectorLike(vector: EmbeddingVector, wanted: VectorEncoding): readonly number[] | string {
  const found = vectorAs(vector, wanted);
  if (found !== undefined) return found;
  for (const type of TYPES) {
    const other = vectorAs(vector, { ...wanted, type });
    if (other !== undefined) return other;
  }
  return [];
}

/** Numbers of a vector in an answer. Throws MalformedBody when it is none. */
export function numbersIn(value: unknown, where: string): readonly number[] {
  // One look at the first is enough to tell a vector from something else; the rest is the provider's word.
  if (Array.isArray(value) && (value.length === 0 || typeof value[0] === 'number')) return value as number[];
  throw new MalformedBody(`'${where}' must be a list of numbers`);
}
