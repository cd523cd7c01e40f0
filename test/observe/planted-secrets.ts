import { randomBytes } from 'node:crypto';

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');
const text = (length: number): string =>
  randomBytes(length).toString('base64url').replace(/[-_]/g, 'a').slice(0, length);

/** Fifty secrets of the kinds that come past a gateway, others each time. The names say where each looks like a secret. */
export function plantedSecrets(): { readonly shaped: string[]; readonly known: string[] } {
  const shaped = [
    ...[
      'sk-',
      'sk-proj-',
      'sk-ant-api03-',
      'sk-or-v1-',
      'gsk_',
      'xai-',
      'hg-',
      'pplx-',
      'nvapi-',
      'csk-',
      'r8_',
      'glsa_',
      'whsec_',
      'phc_',
      'dop_v1_',
    ].map((prefix) => prefix + text(40)),
    ...['ghp_', 'gho_', 'github_pat_', 'glpat-', 'xoxb-', 'xoxp-', 'npm_', 'hf_', 'SG.'].map(
      (prefix) => prefix + text(36),
    ),
    `AKIA${'ABCDEFGH23456777'.slice(0, 16)}`,
    `ASIA${'QRSTUVWX23456777'.slice(0, 16)}`,
    `AIza${text(35)}`,
    `ya29.${text(60)}`,
    `GOCSPX-${text(28)}`,
    `eyJ${text(20)}.${text(40)}.${text(43)}`,
    `https://hooks.slack.com/services/T${text(8)}/B${text(8)}/${text(24)}`,
    `https://discord.com/api/webhooks/1234567890/${text(40)}`,
  ];
  const known = Array.from({ length: 50 - shaped.length }, (_, i) => (i % 2 === 0 ? hex(16) : text(24)));
  return { shaped, known };
}

/** Those of the secrets, each with its place, that stand in a text, whole or for the most part. */
export function foundIn(written: string, secrets: readonly string[]): string[] {
  return secrets.filter(
    (secret) => written.includes(secret) || written.includes(secret.slice(-Math.min(20, secret.length))),
  );
}
