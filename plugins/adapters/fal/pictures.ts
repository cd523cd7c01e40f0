import { type CallAdapter, MalformedBody } from '@headgate/sdk';
import { filesOf, neededText, number, text, unsaidBeside, without } from '../shared/fields.js';
import { pictureSize } from '../shared/picture-size.js';
import { PICTURE_FIELDS, pictureAt, picturesAnswer } from '../shared/pictures.js';
import { objectAt, objectOf, objectsAt, textAt } from '../shared/reply.js';

/** `POST https://fal.run/{model}`, which answers when it is done, https://docs.fal.ai/model-apis/model-endpoints/synchronous-requests. */
export const falPictures: CallAdapter = {
  id: 'fal-pictures',
  calls: ['images/generations', 'images/edits'],
  async ask(call) {
    const size = pictureSize(call);
    const images = await Promise.all(filesOf(call, 'image').map(dataUrl));
    if (call.name === 'images/edits' && images.length === 0)
      throw new MalformedBody("'image' must be a file of the form", 'image');
    const [mask] = filesOf(call, 'mask');
    const [first] = images;
    return {
      path: `${call.path}${call.model.split('/').map(encodeURIComponent).join('/')}`,
      body: without({
        prompt: neededText(call, 'prompt'),
        num_images: number(call, 'n'),
        image_size: size === null ? undefined : { width: size.width, height: size.height },
        output_format: text(call, 'output_format'),
        image_url: first,
        image_urls: images.length > 1 ? images : undefined,
        mask_url: mask === undefined ? undefined : await dataUrl(mask),
        // The pictures come in the answer, not as addresses.
        sync_mode: text(call, 'response_format') === 'b64_json' ? true : undefined,
      }),
      unsaid: unsaidBeside(call, [...PICTURE_FIELDS, 'output_format']),
    };
  },
  read(reply, call) {
    const answer = objectOf(reply);
    const made = [...objectsAt(answer, 'images'), objectAt(answer, 'image')];
    const urls = made.map((one) => textAt(one, 'url')).filter((url) => url !== '');
    return picturesAnswer(
      call,
      urls.map((url) => pictureAt(url)),
    );
  },
};

async function dataUrl(file: { contentType: string; bytes(): Promise<Buffer> }): Promise<string> {
  return `data:${file.contentType};base64,${(await file.bytes()).toString('base64')}`;
}
