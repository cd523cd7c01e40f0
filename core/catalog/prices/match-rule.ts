import type { MatchRule } from './price-row.js';

// A regular expression costs microseconds to build and the rules are asked for every model not seen before.
const compiled = new Map<string, RegExp>();

function regex(source: string): RegExp {
  let found = compiled.get(source);
  if (found === undefined) {
    found = new RegExp(source);
    compiled.set(source, found);
  }
  return found;
}

/** Whether `model`, in lower case, meets a rule of the snapshot. The expressions are the snapshot's, never a client's. */
export function matches(rule: MatchRule, model: string): boolean {
  if (typeof rule !== 'string') {
    return Array.isArray(rule)
      ? rule.some((one) => matches(one, model))
      : rule.all.every((one) => matches(one, model));
  }
  const text = rule.slice(1);
  switch (rule[0]) {
    case '=':
      return model === text;
    case '^':
      return model.startsWith(text);
    case '$':
      return model.endsWith(text);
    case '*':
      return model.includes(text);
    case '/':
      return regex(text).test(model);
    default:
      throw new Error(`price snapshot: unknown match rule ${rule}`);
  }
}
