import { type AdapterCall, MalformedBody } from '@headgate/sdk';
import { text } from './fields.js';

/** Pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** `size: "1024x1536"`; null when it is left to the provider. */
export function pictureSize(call: AdapterCall): PictureSize | null {
  const said = text(call, 'size');
  if (said === undefined || said === 'auto') return null;
  const [, width, height] = /^(\d{2,5})x(\d{2,5})$/.exec(said) ?? [];
  if (width === undefined || height === undefined)
    throw new MalformedBody(`'size' must be "auto" or like "1024x1024"`, 'size');
  return { width: Number(width), height: Number(height) };
}

/** The one of these ratios, such as `16:9`, that is nearest. */
export function nearestRatio({ width, height }: PictureSize, ratios: readonly string[]): string {
  const wanted = Math.log(width / height);
  const distance = (ratio: string): number => {
    const [across = 1, down = 1] = ratio.split(':').map(Number);
    return Math.abs(Math.log(across / down) - wanted);
  };
  return ratios.reduce((best, ratio) => (distance(ratio) < distance(best) ? ratio : best));
}
