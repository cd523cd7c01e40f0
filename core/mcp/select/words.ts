/** Words that say nothing of what is wanted. */
const EMPTY = new Set(
  (
    'a an and any are as at be by can could do does for from get give has have how i if in into is it its me my no not of on or our ' +
    'please should so some that the their them then there these they this to us use want was we were what when where which who will ' +
    'with would you your'
  ).split(' '),
);

/** Letters of one word at most. */
const LONGEST = 40;

/**
 * The words of a text or of a name (`readTextFile`, `read_text_file`), small, without endings that do not change what they are about.
 * Other scripts than Latin have no words for us to find: their letters in pairs do as well.
 */
export function wordsOf(text: string): string[] {
  const apart = text.replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2').replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2');
  const found: string[] = [];
  for (const [word] of apart.toLowerCase().matchAll(/[\p{L}\p{M}\p{N}]+/gu)) {
    if (/[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Thai}]/u.test(word)) {
      const letters = [...word].slice(0, LONGEST);
      for (let i = 0; i < Math.max(1, letters.length - 1); i++) found.push(letters.slice(i, i + 2).join(''));
    } else if (!EMPTY.has(word)) found.push(stem(word.slice(0, LONGEST)));
  }
  return found;
}

/** Of English: `files`, `filing` and `filed` are about the same. */
function stem(word: string): string {
  if (word.length < 4 || !/^[a-z]+$/.test(word)) return word;
  let plain = word
    .replace(/(ss|x|ch|sh)es$/, '$1')
    .replace(/ies$/, 'y')
    .replace(/([^su])s$/, '$1');
  if (plain.length > 5) plain = plain.replace(/(ing|ed)$/, '');
  plain = plain.replace(/([bdgmnprt])\1$/, '$1');
  return plain.length > 3 ? plain.replace(/e$/, '') : plain;
}
