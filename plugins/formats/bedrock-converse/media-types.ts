/** How Converse names the formats of media, and their media types. */

const DOCUMENTS: Record<string, string> = {
  pdf: 'application/pdf',
  csv: 'text/csv',
  doc: 'application/msword',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xls: 'application/vnd.ms-excel',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  html: 'text/html',
  txt: 'text/plain',
  md: 'text/markdown',
};
const DOCUMENT_FORMATS = new Map(Object.entries(DOCUMENTS).map(([format, type]) => [type, format]));
const IMAGE_FORMATS = new Set(['png', 'jpeg', 'gif', 'webp']);
const AUDIO_FORMATS = new Set(
  'mp3 opus wav aac flac mp4 ogg mkv mka x-aac m4a mpeg mpga pcm webm'.split(' '),
);

/** Undefined for a format nobody documents. */
export function documentType(format: string): string | undefined {
  return Object.hasOwn(DOCUMENTS, format) ? DOCUMENTS[format] : undefined;
}

function bare(mediaType: string): string {
  const end = mediaType.indexOf(';');
  return (end < 0 ? mediaType : mediaType.slice(0, end)).trim().toLowerCase();
}

/** The format of a document of that media type; text of any kind is `txt`. Undefined for what Converse cannot read. */
export function documentFormat(mediaType: string): string | undefined {
  const type = bare(mediaType);
  const known = DOCUMENT_FORMATS.get(type);
  if (known !== undefined) return known;
  return type.startsWith('text/') || type === 'application/json' || type === 'application/xml'
    ? 'txt'
    : undefined;
}

/** The format that a file name or URL ends with, if it is one of a document. */
export function documentEnding(name: string): string | undefined {
  const ending = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  return Object.hasOwn(DOCUMENTS, ending) ? ending : undefined;
}

export function imageType(format: string): string {
  return `image/${format}`;
}

export function imageFormat(mediaType: string): string | undefined {
  const type = bare(mediaType);
  const format = type === 'image/jpg' ? 'jpeg' : type.slice('image/'.length);
  return type.startsWith('image/') && IMAGE_FORMATS.has(format) ? format : undefined;
}

export function imageEnding(name: string): string | undefined {
  return imageFormat(`image/${name.slice(name.lastIndexOf('.') + 1)}`);
}

export function audioType(format: string): string {
  return `audio/${format === 'mp3' ? 'mpeg' : format}`;
}

/** `named`: the format when the client named it apart from the media type. */
export function audioFormat(mediaType: string, named: string | undefined): string | undefined {
  const type = bare(mediaType);
  const subtype = type.slice(type.indexOf('/') + 1);
  const guess = subtype === 'mpeg' ? 'mp3' : subtype === 'x-wav' || subtype === 'wave' ? 'wav' : subtype;
  const format = named ?? guess;
  return AUDIO_FORMATS.has(format) ? format : undefined;
}
