import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPrograms, type Program, type Programs } from '../../dist/workers/programs.js';
import type { ProgramEnd } from '../../dist/workers/protocol.js';

let programs: Programs;
beforeAll(() => {
  programs = createPrograms();
});
afterAll(() => programs.close());

const LIMITS = {
  cpuMs: 20_000,
  timeoutMs: 60_000,
  memoryBytes: 32 * 1024 * 1024,
  outputChars: 1000,
  calls: 1000,
  parallel: 4,
};
const echo: Program['call'] = async (_, argument) => argument;

function run(
  source: string,
  {
    call = echo,
    signal = new AbortController().signal,
    ...limits
  }: Partial<typeof LIMITS & Pick<Program, 'call' | 'signal'>> = {},
): Promise<ProgramEnd> {
  const functions = [
    ['files', 'read'],
    ['files', 'write'],
    ['my_notes', 'add-one'],
  ] as const;
  return programs.run({ source, functions, limits: { ...LIMITS, ...limits }, call, signal });
}

describe('a program', () => {
  it('calls what it is given, and only its result comes out', async () => {
    const asked: unknown[] = [];
    const call: Program['call'] = async (callee, argument) => {
      asked.push([callee, JSON.parse(argument)]);
      return JSON.stringify({ size: argument.length });
    };
    const end = await run(
      `const all = await Promise.all(['a', 'bb'].map((path) => files.read({ path })));
       await my_notes['add-one']();
       console.log('read', all.length, { ok: true });
       return { sum: all.reduce((sum, { size }) => sum + size, 0) };`,
      { call },
    );
    expect(end).toEqual({
      result: '{"sum":25}',
      length: 10,
      error: null,
      console: 'read 2 {"ok":true}',
      calls: 3,
    });
    expect(asked).toEqual([
      [0, { path: 'a' }],
      [0, { path: 'bb' }],
      [2, {}],
    ]);
  });

  it.each([
    ['return "text"', 'text'],
    ['return', ''],
    ['return null', 'null'],
    ['return undefined', ''],
    ['return [1n.toString(), NaN]', '["1",null]'],
    ['return Symbol("x")', 'Symbol(x)'],
    ['return new Map([[1, 2]])', '{}'],
    ['return "日本語 \\ud83d\\ude00"', '日本語 😀'],
  ])('that says %j gives %j', async (source, result) => {
    expect(await run(source)).toMatchObject({ result, error: null });
  });

  it('can catch what goes wrong with a call', async () => {
    const call: Program['call'] = () => Promise.reject(new Error('mcp_tool_not_allowed: no'));
    const end = await run('try { await files.write({}) } catch (error) { return error.message }', { call });
    expect(end).toMatchObject({ result: 'mcp_tool_not_allowed: no', error: null });
    expect(await run('await files.write({})', { call })).toMatchObject({
      error: 'Error: mcp_tool_not_allowed: no (line 1)',
    });
  });

  it.each([
    ['throw new TypeError("no")', 'TypeError: no (line 1)'],
    ['\nconst a = null;\nreturn a.b', /^TypeError: .*null.* \(line 3\)$/],
    ['return files.delete({})', /^TypeError: not a function/],
    ['return }', /^SyntaxError/],
    ['import fs from "fs"', /^SyntaxError/],
    ['throw "text"', 'text'],
    ['throw null', 'null'],
    ['throw { get message() { throw 1 } }', /./],
    ['return { toJSON() { throw new Error("not me") } }', /Its result is no JSON: Error: not me/],
    ['const a = {}; a.a = a; return a', /circular/],
  ])('%j is told as its error', async (source, error) => {
    const end = await run(source);
    expect(end.error).toMatch(error);
    expect(end.result).toBe('');
  });
});

describe('nothing of the machine is in a program’s reach', () => {
  it('not by any name', async () => {
    const names = [
      'process',
      'require',
      'module',
      'global',
      'fetch',
      'XMLHttpRequest',
      'WebSocket',
      'setTimeout',
      'setInterval',
      'queueMicrotask',
      'Buffer',
      'WebAssembly',
      'Worker',
      'std',
      'os',
      'scriptArgs',
      'print',
      'load',
      'call',
      'say',
      'functions',
      'render',
    ];
    const source = `return [${names.map((name) => `["${name}", typeof ${name}]`).join(', ')}].filter(([, type]) => type !== 'undefined')`;
    expect(await run(source)).toMatchObject({ result: '[]' });
  });

  it.each([
    ['import("node:fs")', 'await import("node:fs")'],
    ['import of a file', 'await import("/etc/passwd")'],
    ['import of an address', 'await import("https://example.com/x.js")'],
  ])('%s', async (_, source) => {
    expect((await run(source)).error).toMatch(/Error/);
  });

  it.each([
    'return typeof this.constructor.constructor("return process")',
    'return new Function("return typeof process")()',
    'return (0, eval)("typeof process")',
    'return files.read.constructor("return typeof process")()',
    'return Object.getPrototypeOf(async () => {}).constructor("return typeof process")().then(String)',
    'try { await files.read({}) } catch (e) { return e.constructor.constructor("return typeof process")() } return "undefined"',
    'return files.read({}).constructor.constructor("return typeof process")()',
  ])('by %s', async (source) => {
    const { result, error } = await run(source);
    if (result !== 'function') expect([result, error]).toEqual(['undefined', null]);
  });

  it('and what it does to built-in objects is its own matter', async () => {
    const end = await run(
      `Object.prototype.polluted = 1; Array.prototype.join = () => 'joined'; JSON.stringify = () => '"forged"'; JSON.parse = () => 'forged';
       Promise.prototype.then = () => { throw 1 }; String.prototype.slice = () => 'sliced'; Function.prototype.call = () => 'called';
       globalThis.toString = null; Array.prototype[Symbol.iterator] = null;
       const read = files.read({ path: 'a' });
       console.log('a', 'b');
       return read;`,
    );
    expect(end).toMatchObject({ console: 'a b' });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(await run('return [Object.prototype.polluted, typeof Array.prototype.join]')).toMatchObject({
      result: '[null,"function"]',
    });
  });

  it('nor can it change what it is given', async () => {
    const end = await run(
      '"use strict"; try { files.read = 1 } catch { } try { globalThis.files = 1 } catch { } try { delete globalThis.files } catch { } return typeof files.read',
    );
    expect(end).toMatchObject({ result: 'function' });
  });
});

describe('a program is ended', () => {
  const cpu = /worked for 300 ms/;
  it.each([
    ['that never ends', 'for (;;) {}', cpu],
    ['that never ends in a chain of promises', 'const f = () => Promise.resolve().then(f); await f()', cpu],
    ['whose pattern never ends', 'return /^(a+)+$/.test("a".repeat(40) + "!")', cpu],
    ['that catches all and goes on', 'for (;;) { try { for (;;) {} } catch {} }', cpu],
    ['whose result never ends', 'return { toJSON() { for (;;) {} } }', cpu],
    ['whose error never ends', 'throw { get message() { for (;;) {} } }', cpu],
  ])('%s', async (_, source, error) => {
    const end = await run(source, { cpuMs: 300 });
    expect(end.error).toMatch(error);
  });

  it.each([
    [
      'with a list that grows',
      'const a = []; for (;;) a.push(new Array(1000).fill(a.length))',
      /memory|worked/,
    ],
    ['with a text that grows', 'let s = "x"; for (;;) s += s + s', /memory|too long|worked/],
    ['with a large buffer', 'return new ArrayBuffer(1e9).byteLength', /memory|invalid/],
    ['with deep calls', 'const f = () => f() + 1; return f()', /stack overflow/],
    ['with deep JSON', 'return JSON.parse("[".repeat(1e6))', /nested too deeply|stack|broken/],
  ])('%s', async (_, source, error) => {
    expect((await run(source, { cpuMs: 1000 })).error).toMatch(error);
    // The next one has a machine of its own.
    expect(await run('return 1 + 1')).toMatchObject({ result: '2' });
  });

  it('that waits for what never comes', async () => {
    expect((await run('await new Promise(() => {})')).error).toMatch(/never comes/);
    const never: Program['call'] = () => new Promise(() => {});
    expect((await run('await files.read({})', { call: never, timeoutMs: 200 })).error).toMatch(
      /not ended within 200 ms/,
    );
  });

  it('when nobody wants it any longer, and so are its calls', async () => {
    const leaving = new AbortController();
    const stopped: unknown[] = [];
    let begun: () => void = () => {};
    const first = new Promise<void>((resolve) => (begun = resolve));
    const call: Program['call'] = (_, __, signal) =>
      new Promise((___, reject) => {
        begun();
        signal.addEventListener('abort', () => {
          stopped.push(signal.reason);
          reject(signal.reason);
        });
      });
    const running = run('await files.read({})', { call, signal: leaving.signal });
    await first;
    leaving.abort(new Error('gone'));
    await expect(running).rejects.toThrow('gone');
    expect(stopped).toHaveLength(1);
  });
});

describe('what a program does is bounded', () => {
  it('its output', async () => {
    const end = await run('for (let i = 0; i < 1e4; i++) console.log("line", i); return "x".repeat(1e6)');
    expect(end).toMatchObject({ length: 1e6, error: null });
    expect([end.result.length, end.console.length]).toEqual([1000, 1000]);
    expect((await run('throw new Error("x".repeat(1e6))')).error?.length).toBeLessThan(2100);
  });

  it('its calls, and how many are made at once', async () => {
    let now = 0;
    let most = 0;
    const call: Program['call'] = async () => {
      most = Math.max(most, ++now);
      await sleep(1);
      now--;
      return '1';
    };
    const source = (n: number): string =>
      `const done = await Promise.allSettled(Array.from({ length: ${n} }, () => files.read({})));
       return [done.filter(({ status }) => status === 'fulfilled').length, done.at(-1).reason?.message]`;
    expect(await run(source(1000), { call })).toMatchObject({ result: '[1000,null]', calls: 1000 });
    expect(most).toBe(4);
    expect(await run(source(1001), { call })).toMatchObject({
      result: '[1000,"the program has made 1000 calls, and may make no more"]',
      calls: 1000,
    });
  });

  it('what its calls are given', async () => {
    const call = 'await files.write({ text: "x".repeat(1e6) })';
    expect((await run(call)).error).toBe(
      'RangeError: the argument is larger than 1000000 characters (line 1)',
    );
  });

  it('its place: more of them wait', async () => {
    const ends = await Promise.all(Array.from({ length: 12 }, (_, i) => run(`return ${i}`)));
    expect(ends.map(({ result }) => result)).toEqual(Array.from({ length: 12 }, (_, i) => String(i)));
  });
});
