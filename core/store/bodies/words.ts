/** Most text of a request and its answer whose words can be looked for. */
const MOST_TEXT = 64 * 1024;
/** Longer ones are cut: nobody types them whole. */
const MOST_LENGTH = 64;
/** Written without spaces: each of their characters is a word. */
const ALONE = String.raw`\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}`;
const WORD = new RegExp(String.raw`[${ALONE}]|[[\p{L}\p{N}]--[${ALONE}]]+`, 'gv');
const MARKS = /\p{M}/gu;
const PLAIN = /^\p{ASCII}*$/u;

/**
 * The words of a text, in whatever case and with whatever accents, each once; as letters and digits of ASCII. Databases, and
 * their versions, differ in what they take for a word of others.
 */
export function wordsOf(text: string): string[] {
  const some = text.slice(0, MOST_TEXT);
  const plain = PLAIN.test(some);
  const folded = (plain ? some : some.normalize('NFKD').replace(MARKS, '')).toLowerCase();
  const found = new Set<string>();
  for (const [word] of folded.matchAll(WORD)) found.add(plainOf(word.slice(0, MOST_LENGTH)));
  return [...found];
}

function plainOf(word: string): string {
  return PLAIN.test(word) ? word : `u${Buffer.from(word, 'utf16le').toString('hex')}`;
}
