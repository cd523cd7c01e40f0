import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** A certificate for the loopback that nobody trusts, in a folder of its own. */
export async function makeCertificate(): Promise<{ folder: string; cert: string; key: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-tls-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const made = await generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec' });
  writeFileSync(cert, made.cert);
  writeFileSync(key, made.private);
  return { folder, cert, key };
}
