import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { isObject } from '../fakes/json-value.js';

const SCRIPTS = fileURLToPath(new URL('../python/', import.meta.url));
const PREPARE = fileURLToPath(new URL('../../scripts/python-clients.sh', import.meta.url));
/** Outlives a run: the packages are fetched once, and again when their list has changed. */
const ENVIRONMENT = fileURLToPath(new URL('../../.scratch/python/', import.meta.url));
export const PYTHON = join(ENVIRONMENT, 'bin', 'python');

/** Why Python's clients cannot be run here, or null. */
export function whyNoPython(): string | null {
  try {
    execFileSync('python3', ['-c', 'import ensurepip, venv'], { stdio: 'pipe' });
    return null;
  } catch {
    return 'Python 3 with its packages venv and pip is not installed';
  }
}

/** Makes the virtual environment with the packages of `test/python/requirements.txt`, unless it is there. */
export function preparePython(): void {
  execFileSync('sh', [PREPARE], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** One process with all clients in it: to import each of them costs more than its cases. */
export class PythonProcess {
  readonly #child: ChildProcess;
  readonly #waiting: { resolve(value: unknown): void; reject(error: Error): void }[] = [];
  #stderr = '';

  constructor(url: string, tlsUrl: string, key: string) {
    this.#child = spawn(PYTHON, ['-u', join(SCRIPTS, 'run.py'), url, tlsUrl, key], {
      env: { PATH: process.env['PATH'] ?? '', PYTHONDONTWRITEBYTECODE: '1', NO_PROXY: '*' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const { stdout, stderr } = this.#child;
    if (stdout === null || stderr === null) throw new Error('no pipes to Python');
    createInterface({ input: stdout }).on('line', (line) => this.#answer(line));
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.#child.once('close', (code) => {
      for (const { reject } of this.#waiting.splice(0))
        reject(new Error(`Python ended with ${code}\n${this.#stderr}`));
    });
  }

  /** What the client's case gave; rejects with Python's traceback. */
  run(client: string, asked: string, model: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#child.stdin?.write(`${JSON.stringify({ client, case: asked, model })}\n`);
    });
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.stdin?.end();
    await ended;
  }

  #answer(line: string): void {
    const outcome: unknown = JSON.parse(line);
    const asked = this.#waiting.shift();
    if (!isObject(outcome) || asked === undefined) throw new Error(`Python said, unasked: ${line}`);
    if (typeof outcome['failure'] === 'string') asked.reject(new Error(outcome['failure']));
    else asked.resolve(outcome['value']);
  }
}
