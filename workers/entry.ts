import type { TaskHandlers, TaskMessage } from './protocol.js';

/** Each task's code is loaded in a thread when that thread gets the first one. */
const handlers: TaskHandlers = {
  countTokens: async (payload) => (await import('./tasks/count-tokens.js')).countTokens(payload),
  diffWords: async (payload) => (await import('./tasks/diff-words.js')).diffWords(payload),
  runProgram: async (payload) => (await import('./tasks/run-program.js')).runProgram(payload),
};

/** What the pool's threads run. */
export default function work(message: TaskMessage): unknown {
  return handlers[message.name](message.payload as never);
}
