import { cohereChat } from '../../../plugins/formats/cohere-chat/index.js';
import { goldenPairs } from '../golden-pairs.js';
import { format } from '../harness.js';

goldenPairs(cohereChat, [format('openai-chat'), format('anthropic-messages')]);
