import type { JsonObject, JsonValue } from '@headgate/sdk';
import { isObject } from '../shared/read-json.js';

type Step = string | number;

/** The longest path that is followed, and the highest index, so that no chunk can build something huge. */
const DEEPEST = 64;
const HIGHEST_INDEX = 100_000;

/** `$.a.b[0]['c d']` as steps; undefined for what is no such path. */
function stepsOf(path: string): Step[] | undefined {
  if (!path.startsWith('$')) return undefined;
  const steps: Step[] = [];
  const step = /\.([^.[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/y;
  step.lastIndex = 1;
  while (step.lastIndex < path.length) {
    const found = step.exec(path);
    if (found === null || steps.length === DEEPEST) return undefined;
    if (found[2] !== undefined) {
      const index = Number(found[2]);
      if (index > HIGHEST_INDEX) return undefined;
      steps.push(index);
    } else steps.push((found[1] ?? found[3] ?? found[4] ?? '').replace(/\\(.)/g, '$1'));
  }
  return steps;
}

function givenValue(arg: JsonObject): JsonValue | undefined {
  for (const key of ['stringValue', 'numberValue', 'boolValue'] as const) {
    const value = arg[key];
    if (value !== undefined && value !== null) return value;
  }
  return 'nullValue' in arg ? null : undefined;
}

function child(holder: JsonObject | JsonValue[], step: Step): JsonValue | undefined {
  if (Array.isArray(holder)) return typeof step === 'number' ? holder[step] : undefined;
  return Object.hasOwn(holder, step) ? holder[step] : undefined;
}

function put(holder: JsonObject | JsonValue[], step: Step, value: JsonValue): void {
  if (Array.isArray(holder)) {
    if (typeof step !== 'number') return;
    while (holder.length < step) holder.push(null);
    holder[step] = value;
  }
  // A model may name an argument `__proto__`.
  else Object.defineProperty(holder, step, { value, enumerable: true, writable: true, configurable: true });
}

/**
 * Arguments of a function call that Vertex AI streams in pieces (`streamFunctionCallArguments`): each piece has a JSON
 * path and a value, and a string may come in several.
 */
export class PartialArgs {
  private readonly root: JsonObject = {};

  add(arg: JsonValue): void {
    if (!isObject(arg) || typeof arg['jsonPath'] !== 'string') return;
    const value = givenValue(arg);
    // A value-less piece ends an array or a string.
    const ended = arg['jsonPath'].endsWith('[]');
    const steps = stepsOf(ended ? arg['jsonPath'].slice(0, -2) : arg['jsonPath']);
    const last = steps?.pop();
    if (steps === undefined || last === undefined) return;
    let holder: JsonObject | JsonValue[] = this.root;
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i] as Step;
      let next = child(holder, step);
      if (!isObject(next) && !Array.isArray(next)) {
        next = typeof (steps[i + 1] ?? last) === 'number' ? [] : {};
        put(holder, step, next);
      }
      holder = next;
    }
    const before = child(holder, last);
    if (value === undefined) {
      if (before === undefined) put(holder, last, ended ? [] : {});
    } else
      put(holder, last, typeof value === 'string' && typeof before === 'string' ? before + value : value);
  }

  json(): string {
    return JSON.stringify(this.root);
  }
}
