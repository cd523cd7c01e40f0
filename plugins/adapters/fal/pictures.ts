import type { CallAdapter } from '@headgate/sdk';
import { filesOf, neededText, number, text, unsaidBeside, without } from '../shared/fields.js';
import { fileDataUrl } from '../shared/file-data-url.js';
import { pictureSize } from '../shared/picture-size.js';
import { imagesOf, PICTURE_FIELDS, pictureAt, picturesAnswer } from '../shared/pictures.js';
import { objectAt, objectOf, objectsAt, textAt } from '../shared/reply.js';

/** `POST https://fal.run/{model}`, which answers when it is done, https://docs.fal.ai/model-apis/model-endpoints/synchronous-requests. */
export const falPictures: CallAdapter = {
  id: 'fal-pictures',
  calls: ['images/generations', 'images/edits'],
  async ask(call) {
    const size = pictureSize(call);
    const images = await Promise.all(imagesOf(call).map(fileDataUrl));
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
        mask_url: mask === undefined ? undefined : await fileDataUrl(mask),
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
