// Records some 20,000 times a second until it is killed, and prints how many records the ledger has acknowledged so far.
import { Recorder } from '../../dist/core/observe/recorder.js';
import { startLedger } from '../../dist/core/store/ledger.js';

const [dataDir, run] = process.argv.slice(2);
const ledger = await startLedger({
  dataDir,
  logRequests: false,
  logLevel: 'silent',
  retention: { days: 10_000 },
});
const recorder = new Recorder(ledger.connect());

function settled(n) {
  return {
    id: `req_${run}_${String(n).padStart(8, '0')}`,
    time: Date.UTC(2026, 0, 31, 12) + (n % 1000),
    operation: 'chat',
    format: 'openai-chat',
    stream: false,
    keyId: 'k1',
    keyName: 'ci',
    customer: `customer-${n % 7}`,
    session: '',
    tags: [],
    model: 'support',
    provider: 'openai',
    targetModel: 'gpt-4o',
    status: 200,
    outcome: 'ok',
    error: '',
    errorMessage: '',
    usage: null,
    costNano: 1,
    attempts: [],
    totalMs: 1,
    firstByteMs: null,
    firstTokenMs: null,
    overheadUs: 1,
    cache: '',
    bodyMs: null,
    checkMs: null,
    checkedMs: null,
    routedMs: null,
    plugins: [],
    hooks: [],
    finish: '',
    tools: [],
    trace: '',
    answerId: '',
    continues: '',
    metadata: {},
    passedOver: [],
  };
}

let recorded = 0;
function record() {
  for (let i = 0; i < 100; i++) recorder.record(settled(recorded++));
  setTimeout(record, 4);
}
record();

for (;;) {
  const before = recorded;
  try {
    await ledger.flush();
  } catch {
    // A busy machine: nothing was promised.
    continue;
  }
  process.stdout.write(`${before}\n`);
}
