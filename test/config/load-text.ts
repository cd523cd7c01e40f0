import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LoadedConfig, type LoadOptions, loadConfig } from '../../core/config/load.js';
import { ConfigError, formatProblem } from '../../core/config/problem.js';
import type { ProviderHint } from '../../core/config/provider-hint.js';

/** Rows in the shape of the built-in ones: with key, with two variables, keyless, without base URL, in process. */
export const ROWS: readonly ProviderHint[] = [
  { id: 'openai', keyEnv: ['OPENAI_API_KEY'], baseUrl: 'https://api.openai.com/v1' },
  { id: 'anthropic', keyEnv: ['ANTHROPIC_API_KEY'], baseUrl: 'https://api.anthropic.com' },
  { id: 'groq', keyEnv: ['GROQ_API_KEY'], baseUrl: 'https://api.groq.com/openai/v1' },
  {
    id: 'gemini',
    keyEnv: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
    baseUrl: 'https://generativelanguage.googleapis.com',
  },
  { id: 'ollama', keyEnv: [], keyRequired: false, baseUrl: 'http://127.0.0.1:11434/v1' },
  { id: 'vllm', keyEnv: [], keyRequired: false },
  { id: 'mock', keyEnv: [], keyRequired: false },
];

type Given = Partial<Omit<LoadOptions, 'file' | 'cwd'>>;

/** Writes `content` as headgate.yaml into a folder of its own, loads it from there and removes the folder. */
export function loadText(content: string | Uint8Array | null, given: Given = {}): LoadedConfig {
  const cwd = mkdtempSync(join(tmpdir(), 'headgate-config-'));
  try {
    if (content !== null) writeFileSync(join(cwd, 'headgate.yaml'), content);
    return loadConfig({ env: {}, rows: ROWS, builtIn: ['mock'], ...given, cwd });
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

/** The ConfigError that loading gives; fails when there is none or another one. */
export function refusal(content: string | Uint8Array | null, given: Given = {}): ConfigError {
  try {
    loadText(content, given);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('this configuration was expected to be refused');
}

/** The lines that `headgate check` would print for a refused configuration. */
export function refusalLines(content: string | Uint8Array | null, given: Given = {}): string[] {
  const error = refusal(content, given);
  return error.problems.map((problem) => formatProblem(problem, error.file));
}

export function warningLines(content: string, given: Given = {}): string[] {
  return loadText(content, given).warnings.map((warning) => formatProblem(warning, 'headgate.yaml'));
}
