// Keeps beside each file of the bundle what V8 made of it: see `bundle-loader.cjs`. A gateway is started and asked once, so that
// what every start compiles is in there; what it does not load is kept as it is after reading it.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '..', 'dist', 'bin');
const { compiled, load, loaded } = createRequire(import.meta.url)(join(folder, 'load.cjs'));
const dataDir = mkdtempSync(join(tmpdir(), 'headgate-build-'));
try {
  const { createGateway } = load('library.main.cjs', 'library.js');
  const gateway = await createGateway({
    dataDir,
    port: 0,
    env: {},
    config: { observability: { log_level: 'silent' } },
  });
  const messages = [{ role: 'user', content: 'Hello' }];
  const url = await gateway.listen();
  await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: 'mock/hello', messages }),
  });
  for (const name of readdirSync(folder).filter((name) => name.endsWith('.cjs') && name !== 'load.cjs')) {
    const file = join(folder, name);
    const script = loaded.get(name)?.script ?? compiled(file);
    writeFileSync(`${file}.cache`, script.createCachedData());
  }
  await gateway.close();
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
