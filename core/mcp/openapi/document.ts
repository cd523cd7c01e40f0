import type { JsonObject } from '@headgate/sdk';
import { formatPath, type Path, quote } from '../../config/path.js';
import { isObject } from '../json-object.js';

/** Something in an OpenAPI document that cannot be used, and where. */
export class DocumentProblem extends Error {
  constructor(
    /** From the top of the document. */
    readonly path: Path,
    readonly what: string,
    readonly line: number | null = null,
  ) {
    super(what);
  }

  /** `line 12, paths["/pets"].get: …` */
  get sentence(): string {
    const places = [this.line === null ? '' : `line ${this.line}`, formatPath(this.path)];
    const place = places.filter((one) => one !== '').join(', ');
    return place === '' ? this.what : `${place}: ${this.what}`;
  }
}

/** A part of a document and its place. */
export interface Part {
  readonly value: JsonObject;
  readonly path: Path;
}

/** References that lead to references, at most; more are a circle. */
const MOST_HOPS = 50;

/** An OpenAPI document as it was read, in which references lead from one place to another. */
export class ApiDocument {
  constructor(
    readonly root: JsonObject,
    /** In the file; null when that is not known. */
    private readonly lineOf: (path: Path) => number | null = () => null,
  ) {}

  problem(path: Path, what: string): DocumentProblem {
    return new DocumentProblem(path, what, this.lineOf(path));
  }

  /** An object that is there, or that a reference there leads to. Throws DocumentProblem. */
  object(value: unknown, path: Path, what: string): Part {
    let at: { value: unknown; path: Path } = { value, path };
    for (let hops = 0; isObject(at.value) && typeof at.value['$ref'] === 'string'; hops++) {
      if (hops === MOST_HOPS) throw this.problem(path, 'its reference leads back to itself');
      at = this.target(at.value['$ref'], [...at.path, '$ref']);
    }
    if (!isObject(at.value)) throw this.problem(at.path, `expected ${what}`);
    return { value: at.value, path: at.path };
  }

  /** What a reference leads to. Throws DocumentProblem when that is not within the document. */
  target(reference: string, path: Path): { readonly value: unknown; readonly path: Path } {
    if (!reference.startsWith('#'))
      throw this.problem(
        path,
        `${quote(reference)} leads out of the document; put all of it into one file (tools call that bundling)`,
      );
    if (reference !== '#' && !reference.startsWith('#/'))
      throw this.problem(path, `${quote(reference)} is no path within the document`);
    const keys = reference.split('/').slice(1).map(unescaped);
    let value: unknown = this.root;
    for (const key of keys) {
      const inside: unknown = Array.isArray(value)
        ? value[Number(key)]
        : isObject(value) && Object.hasOwn(value, key)
          ? value[key]
          : undefined;
      if (inside === undefined) throw this.problem(path, `${quote(reference)} leads nowhere`);
      value = inside;
    }
    return { value, path: keys };
  }
}

function unescaped(key: string): string {
  let plain = key;
  try {
    plain = decodeURIComponent(key);
  } catch {
    // A percent sign that stands for itself.
  }
  return plain.replaceAll('~1', '/').replaceAll('~0', '~');
}
