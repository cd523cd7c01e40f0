import { ollamaGenerate } from '../../../plugins/formats/ollama-generate/index.js';
import { goldenPairs } from '../golden-pairs.js';
import { format } from '../harness.js';

goldenPairs(ollamaGenerate, [format('openai-chat'), format('anthropic-messages')]);
