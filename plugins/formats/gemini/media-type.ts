/** Gemini wants the media type of what it fetches; other formats leave it to the URL. */
const BY_ENDING: Record<string, string> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  heic: 'image/heic',
  heif: 'image/heif',
  wav: 'audio/wav',
  mp3: 'audio/mpeg',
  aac: 'audio/aac',
  ogg: 'audio/ogg',
  flac: 'audio/flac',
  aiff: 'audio/aiff',
  pdf: 'application/pdf',
  txt: 'text/plain',
  md: 'text/markdown',
  html: 'text/html',
  csv: 'text/csv',
};

const DEFAULTS = { image: 'image/jpeg', audio: 'audio/mpeg', document: 'application/pdf' } as const;

/** By the ending of the path; the most usual type of that kind where there is none. */
export function mediaTypeOfUrl(url: string, kind: keyof typeof DEFAULTS): string {
  const ending = /\.([a-z0-9]+)(?:[?#]|$)/i.exec(url)?.[1]?.toLowerCase() ?? '';
  const found = Object.hasOwn(BY_ENDING, ending) ? BY_ENDING[ending] : undefined;
  return found !== undefined && (kind === 'document' || found.startsWith(kind)) ? found : DEFAULTS[kind];
}

/** What a media type is in the hub, which has no word for films. */
export function kindOfMediaType(mediaType: string): keyof typeof DEFAULTS | undefined {
  if (mediaType.startsWith('image/')) return 'image';
  if (mediaType.startsWith('audio/')) return 'audio';
  return mediaType.startsWith('application/') || mediaType.startsWith('text/') ? 'document' : undefined;
}
