import type { CallFile } from '@headgate/sdk';
import { dataUrl } from '../../formats/shared/data-url.js';

/** A file of the form as `data:<its type>;base64,<its bytes>`. */
export async function fileDataUrl(file: CallFile): Promise<string> {
  return dataUrl(file.contentType, (await file.bytes()).toString('base64'));
}
