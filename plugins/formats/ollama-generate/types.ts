import type { OllamaShape } from '../shared/ollama-answer.js';
import { SETTING_KEYS } from '../shared/ollama-settings.js';

/** Wire format id of `POST /api/generate`. */
export const OLLAMA_GENERATE = 'ollama-generate';

export const GENERATE_SHAPE: OllamaShape = { format: OLLAMA_GENERATE, text: 'response', nested: false };

/** Top-level request members that the hub has a name for; `suffix`, `template`, `raw`, `context` travel in `extra`. */
export const REQUEST_KEYS: ReadonlySet<string> = new Set([...SETTING_KEYS, 'prompt', 'system', 'images']);
