import { ollamaChat } from '../../../plugins/formats/ollama-chat/index.js';
import { goldenPairs } from '../golden-pairs.js';
import { format } from '../harness.js';

goldenPairs(ollamaChat, [format('openai-chat'), format('anthropic-messages')]);
