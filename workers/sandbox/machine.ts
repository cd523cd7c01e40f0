import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import build from '@jitl/quickjs-wasmfile-release-sync';
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSDeferredPromise,
  type QuickJSHandle,
  type QuickJSRuntime,
  type QuickJSSyncVariant,
} from 'quickjs-emscripten-core';
import type { ProgramLimits } from '../protocol.js';
import { PRELUDE } from './prelude.js';

/** Node.js has it, its types do not. */
const { compile } = (
  globalThis as unknown as { WebAssembly: { compile(bytes: Uint8Array): Promise<unknown> } }
).WebAssembly;
/** The interpreter, compiled by a thread once: that takes longer than most programs. */
let compiled: Promise<unknown> | null = null;

async function interpreter(): Promise<QuickJSSyncVariant> {
  const file = createRequire(import.meta.url).resolve('@jitl/quickjs-wasmfile-release-sync/wasm');
  compiled ??= readFile(file).then(compile);
  // Its CommonJS form, which the bundle has, has one object more around it.
  const given = build as unknown as QuickJSSyncVariant | { readonly default: QuickJSSyncVariant };
  return newVariant('default' in given ? given.default : given, { wasmModule: (await compiled) as never });
}

/** Of the interpreter's own stack; deeper programs end with an error that they can catch. */
const STACK_BYTES = 256 * 1024;
/** Jobs that run before the time is looked at. */
const JOBS_AT_ONCE = 1000;
const LONGEST_ERROR = 2000;
/** Characters of what one call is given, as JSON: it leaves the sandbox. */
const MOST_ARGUMENT = 1_000_000;

/** A program cannot go on: the words are for whoever has written it. */
export class ProgramStopped extends Error {}

export interface MachineParts {
  readonly functions: readonly (readonly [object: string, name: string])[];
  readonly limits: ProgramLimits;
  /** A call of one of the functions; its reply comes by `reply`. */
  readonly call: (id: number, callee: number, argument: string) => void;
  readonly say: (text: string) => void;
}

type Outcome = { readonly length: number; readonly text: string } | { readonly error: string };

/**
 * An interpreter of its own, compiled to WebAssembly, for one program. It has the language and what is put into it: no modules, no timers,
 * nothing of Node.js; its memory is its own. It is used once.
 */
export class Machine {
  private readonly open = new Map<number, QuickJSDeferredPromise>();
  private cpuMs = 0;
  private sliceEnds = 0;
  private calls = 0;
  private program: QuickJSHandle | null = null;

  private constructor(
    private readonly runtime: QuickJSRuntime,
    private readonly context: QuickJSContext,
    private readonly parts: MachineParts,
    private readonly render: QuickJSHandle,
  ) {}

  get called(): number {
    return this.calls;
  }

  static async make(parts: MachineParts): Promise<Machine> {
    const wasm = await newQuickJSWASMModuleFromVariant(await interpreter());
    const runtime = wasm.newRuntime();
    runtime.setMemoryLimit(parts.limits.memoryBytes);
    runtime.setMaxStackSize(STACK_BYTES);
    const context = runtime.newContext();
    let machine: Machine | null = null;
    const call = context.newFunction('call', (callee, argument) => {
      const made = (machine as Machine).place(context.getNumber(callee), context.getString(argument));
      return made.handle;
    });
    const say = context.newFunction('say', (text) => {
      parts.say(context.getString(text));
    });
    const given = (value: unknown): QuickJSHandle =>
      context.unwrapResult(context.evalCode(`(${JSON.stringify(value)})`, 'given'));
    const most = { argument: MOST_ARGUMENT, said: parts.limits.outputChars };
    const source = `(function (functions, call, say, most) {${PRELUDE}})`;
    const prelude = context.unwrapResult(context.evalCode(source, 'prelude'));
    const render = context.unwrapResult(
      context.callFunction(prelude, context.undefined, given(parts.functions), call, say, given(most)),
    );
    machine = new Machine(runtime, context, parts, render);
    return machine;
  }

  /** Runs it as far as it goes. Null while it waits. Throws ProgramStopped. */
  begin(source: string): Outcome | null {
    const { runtime, context } = this;
    runtime.setInterruptHandler(() => performance.now() > this.sliceEnds);
    return this.working(() => {
      const made = context.evalCode(`(async () => {\n${source}\n})()`, 'program.js');
      if (made.error !== undefined) return { error: this.wordsOf(made.error) };
      this.program = made.value;
      return this.goOn();
    });
  }

  /** The same after a reply to a call. */
  reply(id: number, reply: { readonly json: string } | { readonly error: string }): Outcome | null {
    const { context } = this;
    const waiting = this.open.get(id);
    if (waiting === undefined) return null;
    this.open.delete(id);
    return this.working(() => {
      if ('json' in reply) waiting.resolve(context.newString(reply.json));
      else waiting.reject(context.newError(reply.error));
      return this.goOn();
    });
  }

  private place(callee: number, argument: string): QuickJSDeferredPromise {
    const { context, parts } = this;
    const promise = context.newPromise();
    const id = ++this.calls;
    if (id > parts.limits.calls) {
      this.calls--;
      promise.reject(
        context.newError(`the program has made ${parts.limits.calls} calls, and may make no more`),
      );
      return promise;
    }
    this.open.set(id, promise);
    parts.call(id, callee, argument);
    return promise;
  }

  /** What is due, until nothing is, or the program has ended. */
  private goOn(): Outcome | null {
    const { runtime, context } = this;
    const program = this.program as QuickJSHandle;
    while (runtime.hasPendingJob()) {
      this.checkTime();
      const done = runtime.executePendingJobs(JOBS_AT_ONCE);
      if (done.error !== undefined) return { error: this.wordsOf(done.error) };
    }
    const state = context.getPromiseState(program);
    if (state.type === 'fulfilled') return this.rendered(state.value);
    if (state.type === 'rejected') return { error: this.wordsOf(state.error) };
    if (this.open.size === 0)
      return { error: 'The program waits for something that never comes: a promise that nobody keeps.' };
    return null;
  }

  private rendered(value: QuickJSHandle): Outcome {
    const { context, parts } = this;
    const most = context.newNumber(parts.limits.outputChars);
    const done = context.callFunction(this.render, context.undefined, value, most);
    if (done.error !== undefined) return { error: `Its result is no JSON: ${this.wordsOf(done.error)}` };
    const [length, text] = JSON.parse(context.getString(done.value)) as [number, string];
    return { length, text };
  }

  /** An error as the program would see it, with the line where it came about. */
  private wordsOf(error: QuickJSHandle): string {
    this.checkTime();
    const { context } = this;
    const said = context.dump(error) as unknown;
    if (typeof said !== 'object' || said === null) return String(said).slice(0, LONGEST_ERROR);
    const { name = 'Error', message = '', stack = '' } = said as Record<string, unknown>;
    const line = /program\.js:(\d+)/.exec(String(stack))?.[1];
    // The first line is ours.
    const place = line === undefined ? '' : ` (line ${Number(line) - 1})`;
    return `${String(name)}: ${String(message)}`.slice(0, LONGEST_ERROR) + place;
  }

  /** Something within the machine, within its time. What breaks the machine itself ends the program, too. */
  private working(work: () => Outcome | null): Outcome | null {
    const from = performance.now();
    this.sliceEnds = from + this.parts.limits.cpuMs - this.cpuMs;
    try {
      const outcome = work();
      this.checkTime();
      return outcome;
    } catch (error) {
      if (error instanceof ProgramStopped) throw error;
      const why = error instanceof RangeError ? 'it is nested too deeply' : 'it has broken the interpreter';
      throw new ProgramStopped(`The program was stopped: ${why}.`);
    } finally {
      this.cpuMs += performance.now() - from;
    }
  }

  private checkTime(): void {
    if (performance.now() > this.sliceEnds)
      throw new ProgramStopped(`The program was stopped: it has worked for ${this.parts.limits.cpuMs} ms.`);
  }
}
