import type { PluginSource } from '../core/plugin/load.js';
import { builtins, named } from '../plugins/index.js';

/** The plugins that come with Headgate, for the core, which does not import them itself. */
export const source: PluginSource = {
  builtins,
  named,
  sinks: {
    rows: async () => (await import('../plugins/sinks/index.js')).sinkRows,
    thread: new URL('./sink-thread.js', import.meta.url),
  },
};
