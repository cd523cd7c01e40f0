import type { Path } from '../../config/path.js';
import { parseYamlFile } from '../../config/yaml-file.js';
import { isObject } from '../json-object.js';
import { ApiDocument, DocumentProblem } from './document.js';

/** An OpenAPI document, JSON or YAML, of a version that is understood. Throws DocumentProblem. */
export function readDocument(text: string): ApiDocument {
  const { data, lineOf } = /^\s*\{/.test(text) ? ofJson(text) : ofYaml(text);
  if (!isObject(data)) throw new DocumentProblem([], 'it is no OpenAPI document');
  const document = new ApiDocument(data, lineOf);
  const { openapi, swagger } = data;
  if (swagger !== undefined)
    throw document.problem(['swagger'], 'it is Swagger 2; convert it to OpenAPI 3 first');
  if (typeof openapi !== 'string')
    throw document.problem([], 'it says no version of OpenAPI ("openapi: 3.1.0")');
  if (!/^3\.[01]\.\d+/.test(openapi))
    throw document.problem(['openapi'], 'only versions 3.0 and 3.1 of OpenAPI are understood');
  return document;
}

type LineOf = (path: Path) => number | null;

function ofYaml(text: string): { data: unknown; lineOf: LineOf } {
  const { data, problems, locate } = parseYamlFile(text);
  const [first] = problems;
  if (first !== undefined) throw new DocumentProblem([], first.message, first.line);
  return { data, lineOf: (path) => locate(path, 'value')?.line ?? null };
}

function ofJson(text: string): { data: unknown; lineOf: LineOf } {
  try {
    // JSON is YAML too: where something stands is only looked for when it must be told.
    const lineOf: LineOf = (path) => parseYamlFile(text).locate(path, 'value')?.line ?? null;
    return { data: JSON.parse(text) as unknown, lineOf };
  } catch (error) {
    const at = /position (\d+)/.exec(String(error))?.[1];
    const line = at === undefined ? null : text.slice(0, Number(at)).split('\n').length;
    throw new DocumentProblem([], 'it is not valid JSON', line);
  }
}
