/** Whether these bytes stand there. A loop: the texts are short, and unlike `compare` it does not mind the end. */
export function standsAt(bytes: Buffer, at: number, text: Buffer): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false;
  return true;
}
