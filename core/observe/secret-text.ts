/**
 * Shapes of secrets in texts that anybody may have written: error messages, prompts, answers, addresses. Each is linear in the
 * length of the text. What is found is a guess by its shape: a secret without one is not found.
 */
const SHAPES: readonly RegExp[] = [
  // Keys that say what they are.
  /\b(?:sk|pk|rk|hg|gsk|xai|key|r8|nvapi|pplx|csk|fw|tgp|esecret|sess|ek|whsec|shpat|shpss|dop|doo|figd|lin_api|sntrys|pat|rnd|ntn|secret|glc|glsa|sq0csp|EAAA|PMAK|dapi|hvs|hvb|dckr_pat|phc|phx|lsv2_pt|lsv2_sk|pypi|AGE-SECRET-KEY)[-_][\w-]{12,}/g,
  /\b(?:ghp|gho|ghu|ghs|ghr|github_pat|glpat|gldt|xox[abeoprs]|xapp|npm|hf|atlasv1|ATATT3|ATCTT3|SG|rubygems)[-_.][\w.-]{10,}/g,
  /\b(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA)[A-Z2-7]{12,}/g,
  /\b(?:AIza|ya29\.|1\/\/0|GOCSPX-)[\w-]{16,}/g,
  // JSON Web Tokens.
  /\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?/g,
  /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]{0,8192}(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?/g,
  // Webhooks, whose address is the secret.
  /\bhttps:\/\/(?:hooks\.slack\.com\/(?:services|workflows)|discord(?:app)?\.com\/api\/webhooks)\/[\w/-]{8,}/g,
];

/** A name, and what stands behind it is kept from view. */
const NAMED: readonly RegExp[] = [
  /(\b(?:bearer|basic|digest|negotiate)\s+)[\w.~+/=-]{8,}/gi,
  /(\/\/[^\s/:@"'<>]{0,128}:)[^\s/@"'<>]{1,256}(?=@)/g,
  /((?:api[-_ ]?key|apikey|access[-_ ]?key(?:[-_ ]?id)?|secret(?:[-_ ]?(?:access[-_ ]?)?key)?|client[-_ ]?secret|private[-_ ]?key|account[-_ ]?key|shared[-_ ]?access[-_ ]?signature|access[-_ ]?token|refresh[-_ ]?token|auth[-_ ]?token|id[-_ ]?token|token|authorization|password|passwd|pwd|passphrase|credentials?|x-amz-(?:signature|security-token|credential)|sig|signature|cookie|session[-_ ]?id)["'\\]{0,4}\s{0,3}(?:[:=]|\bis\b)\s{0,3}["'\\]{0,4})(?!\s)[^\s"'&,;<>{}()[\]\\]{6,}/gi,
];

/** Words that nearly every one of the shapes has: texts without them, which most are, are looked at once. */
const MAYBE =
  /[-_]|AKIA|ASIA|AROA|AIDA|ABIA|ACCA|AIza|ya29|1\/\/0|eyJ|SG\.|rubygems|bearer|basic|digest|negotiate|\/\/|key|secret|token|pass|pwd|auth|credential|sig|cookie|session/i;

const HIDDEN = '***';

/** The text with `***` where something in it looks like a secret. */
export function withoutSecrets(text: string): string {
  if (text.length < 8 || !MAYBE.test(text)) return text;
  let shown = text;
  for (const shape of NAMED) shown = shown.replace(shape, `$1${HIDDEN}`);
  for (const shape of SHAPES) shown = shown.replace(shape, HIDDEN);
  return shown;
}
