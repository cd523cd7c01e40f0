/** A test for any of the patterns, in which `*` stands for any run of characters. Compiled once, at boot. */
export function patternMatcher(patterns: readonly string[]): (text: string) => boolean {
  if (patterns.includes('*')) return () => true;
  const exact = new Set(patterns.filter((pattern) => !pattern.includes('*')));
  const wild = patterns.filter((pattern) => pattern.includes('*')).map(toRegExp);
  if (wild.length === 0) return (text) => exact.has(text);
  return (text) => exact.has(text) || wild.some((expression) => expression.test(text));
}

function toRegExp(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}
