/** Kinds of files that OpenAI reads, https://platform.openai.com/docs/guides/pdf-files. */
const ENDINGS: ReadonlyMap<string, string> = new Map([
  ['application/pdf', 'pdf'],
  ['text/csv', 'csv'],
  ['text/html', 'html'],
  ['text/markdown', 'md'],
  ['text/plain', 'txt'],
  ['application/json', 'json'],
  ['application/msword', 'doc'],
  ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'docx'],
  ['application/vnd.ms-excel', 'xls'],
  ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'xlsx'],
]);

/** OpenAI refuses data without a name, and reads the kind of a file from its ending. */
export function fileName(name: string | undefined, mediaType: string): string {
  const base = name ?? 'document';
  const ending = ENDINGS.get(mediaType);
  return ending === undefined || base.toLowerCase().endsWith(`.${ending}`) ? base : `${base}.${ending}`;
}
