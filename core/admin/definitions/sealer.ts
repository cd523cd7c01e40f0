import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { parseEncryptionKeys } from '../../config/encryption-key.js';
import type { Secret } from '../../config/secret.js';
import { StoreError } from '../../store/control/store-error.js';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const FORM = /^v1:([0-9a-f]{8}):([A-Za-z0-9_-]+)$/;

/** Something sealed that cannot be opened here; the message says why, for people. */
export class SealError extends Error {
  override readonly name = 'SealError';
}

/**
 * Secrets as the store keeps them: AES-256-GCM under the first key, `v1:` and the key's id before it. What is sealed for one
 * place opens at no other.
 */
export class Sealer {
  private readonly keys: ReadonlyMap<string, Buffer>;
  private readonly first: string | undefined;

  constructor(given: Secret | null) {
    const keys = given === null ? [] : (parseEncryptionKeys(given.reveal()) ?? []);
    this.keys = new Map(keys.map((key) => [idOf(key), key]));
    [this.first] = this.keys.keys();
  }

  /** @throws StoreError that says what to set, when there is no key */
  seal(secret: string, place: string): string {
    const key = this.first === undefined ? undefined : this.keys.get(this.first);
    if (key === undefined)
      throw new StoreError(
        'entity_invalid',
        'the store takes no secrets without a key to encrypt them under: set HEADGATE_ENCRYPTION_KEY (or ' +
          'admin.encryption_key) to 32 random bytes, such as `openssl rand -base64 32` prints, on every node',
      );
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(place));
    const sealed = Buffer.concat([nonce, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `v1:${this.first}:${sealed.toString('base64url')}`;
  }

  /** @throws SealError */
  open(sealed: string, place: string): string {
    const [, id = '', text = ''] = FORM.exec(sealed) ?? [];
    const key = this.keys.get(id);
    if (id === '') throw new SealError('it was sealed by another version of the gateway');
    if (key === undefined)
      throw new SealError(
        this.first === undefined
          ? 'it is encrypted, and HEADGATE_ENCRYPTION_KEY is not set'
          : `it is encrypted under the key "${id}", which HEADGATE_ENCRYPTION_KEY does not have`,
      );
    const bytes = Buffer.from(text, 'base64url');
    try {
      const opener = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      });
      opener.setAAD(Buffer.from(place));
      opener.setAuthTag(bytes.subarray(-TAG_BYTES));
      const plain = opener.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
      return Buffer.concat([plain, opener.final()]).toString('utf8');
    } catch {
      throw new SealError('it is damaged, or was sealed for another place');
    }
  }

  /** Whether it is sealed under the key that counts now. */
  isCurrent(sealed: string): boolean {
    return FORM.exec(sealed)?.[1] === this.first;
  }
}

/** Tells keys apart and gives nothing away of them. */
function idOf(key: Buffer): string {
  return createHash('sha256').update('headgate encryption key\0').update(key).digest('hex').slice(0, 8);
}
