/**
 * Gemini signs parts of its answers (`thoughtSignature`) and wants them back in later turns. In the hub, and so in the
 * clients of every other format that repeat reasoning, such a signature carries this prefix: it says whose it is,
 * since no provider takes another's. The prefix is made of base64 digits, so that the whole is still base64.
 */
const GEMINI = 'gemini//';

export function toGeminiSignature(raw: string): string {
  return GEMINI + raw;
}

/** The signature as Gemini wrote it; undefined for one that is not Gemini's. */
export function fromGeminiSignature(signature: string | undefined): string | undefined {
  return signature?.startsWith(GEMINI) === true ? signature.slice(GEMINI.length) : undefined;
}
