import type { OllamaShape } from '../shared/ollama-answer.js';
import { SETTING_KEYS } from '../shared/ollama-settings.js';

/** Wire format id of `POST /api/chat`. */
export const OLLAMA_CHAT = 'ollama-chat';

export const CHAT_SHAPE: OllamaShape = { format: OLLAMA_CHAT, text: 'content', nested: true };

/** Top-level request members that the hub has a name for; `keep_alive`, `truncate` and others travel in `extra`. */
export const REQUEST_KEYS: ReadonlySet<string> = new Set([...SETTING_KEYS, 'messages', 'tools']);
