import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const IV = 12;
const TAG = 16;

/**
 * A value that its bearer can neither read nor change: AES-256-GCM under a key derived from the server's secret, so that every
 * node of one store opens what another has sealed.
 *
 * @param purpose what is sealed for one purpose is nothing for another
 */
export function seal(secret: string, purpose: string, value: object): string {
  const iv = randomBytes(IV);
  const cipher = createCipheriv('aes-256-gcm', keyOf(secret, purpose), iv);
  const sealed = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
}

/** Null for what was not sealed so. */
export function unseal(secret: string, purpose: string, text: string): unknown {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length <= IV + TAG) return null;
  try {
    const cipher = createDecipheriv('aes-256-gcm', keyOf(secret, purpose), bytes.subarray(0, IV));
    cipher.setAuthTag(bytes.subarray(IV, IV + TAG));
    return JSON.parse(
      Buffer.concat([cipher.update(bytes.subarray(IV + TAG)), cipher.final()]).toString(),
    ) as unknown;
  } catch {
    return null;
  }
}

function keyOf(secret: string, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', `headgate: ${purpose}`, 32));
}
