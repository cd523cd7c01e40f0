import { SignerFailure, type SignerHost } from '@headgate/sdk';
import { type JsonObject, jsonObject, textsOf } from '../credential-json.js';
import type { Environment } from '../environment.js';
import { reach } from '../reach.js';

/** The token of another identity provider, from a file, which its platform replaces, or from a URL. */
export async function subjectToken(
  source: JsonObject,
  host: SignerHost,
  { readFile }: Environment,
): Promise<string> {
  const { file, url } = textsOf(source);
  if (file !== undefined) {
    const text = await readFile(file).catch((error: NodeJS.ErrnoException) => {
      throw new SignerFailure(
        `${file} (credential_source.file) cannot be read (${error.code ?? 'unknown error'})`,
      );
    });
    return within(text, source, `${file} (credential_source.file)`);
  }
  if (url !== undefined) {
    const what = `${new URL(url).origin} (credential_source.url)`;
    const headers = textsOf((source['headers'] ?? {}) as JsonObject);
    const answer = await reach(host, what, url, { headers });
    if (answer.status !== 200) throw new SignerFailure(`${what} answered ${answer.status}`);
    return within(await answer.text(), source, what);
  }
  throw new SignerFailure(
    'credential_source of the external account names neither file, url nor environment_id; a program is not run',
  );
}

function within(text: string, source: JsonObject, what: string): string {
  const format = textsOf((source['format'] ?? {}) as JsonObject);
  if (format['type'] !== 'json') return text.trim();
  const name = format['subject_token_field_name'] ?? '';
  const token = textsOf(jsonObject(text) ?? {})[name];
  if (token === undefined) throw new SignerFailure(`${what} has no text ${JSON.stringify(name)}`);
  return token;
}
