import { runSinkThread } from '../core/sinks/run-sink-thread.js';
import { sinkRows } from '../plugins/sinks/index.js';

// Entry of the thread that tells sinks of settled requests.
runSinkThread(sinkRows);
