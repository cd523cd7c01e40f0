import type { DocumentPart } from '@headgate/sdk';

/** The text of a document, headed by its name and what it is about, for a format that takes no files. Undefined when it is not text. */
export function documentText(part: DocumentPart): string | undefined {
  const { source } = part;
  let text: string;
  if (source.kind === 'text') text = source.text;
  else if (source.kind === 'base64' && source.mediaType.startsWith('text/'))
    text = Buffer.from(source.data, 'base64').toString('utf8');
  else return undefined;
  return [part.name, part.context, text].filter((one) => one !== undefined).join('\n\n');
}
