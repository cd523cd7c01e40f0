import { describe, expect, it } from 'vitest';
import { pixel } from '../e2e/beside-openai.js';
import type { Format, Upstream } from './every-format.js';

/** What a client understood of an answer. */
interface Spoken {
  text: string;
  input: number;
  output: number;
}

/** A client library, reduced to what is asked of all of them; `model` is the public name of a model. */
export interface Client {
  chat(model: string): Promise<Spoken>;
  stream(model: string): Promise<Spoken>;
  /** Offers the tool `weather`, answers its call with the text "rain" and gives what the model said then. */
  tools(model: string): Promise<{ name: string; arguments: unknown; text: string }>;
  image(model: string): Promise<unknown>;
  /** Asks for an object with the number `degrees`. */
  structured(model: string): Promise<unknown>;
  /** The HTTP status of the error that the library throws, as the library tells it. */
  error(model: string): Promise<number | undefined>;
  /** Begins a stream, leaves after its first piece. */
  abort(model: string): Promise<unknown>;
}

/** By a schema, or by a function that the model must call. */
export type StructuredBy = 'schema' | 'function';

/** What a library does in its own way. */
interface Peculiar {
  /** How it asks for structured output: by a schema when absent. */
  structuredBy?: StructuredBy;
  /** What it makes of the usage in a stream, where that is not what the stream says. */
  streamed?: (format: Format) => Partial<Spoken>;
}

const answer = { text: 'Sunny. ☀️ 22 °C', usage: { input: 120, output: 7 } };
const understood = { text: answer.text, input: 120, output: 7 };
export const FUNCTION = 'tell_degrees';

const urlSafe = (base64: string): string => base64.replaceAll('+', '-').replaceAll('/', '_');

/** The same seven cases for every client library, before each of these upstreams. */
export function describeSevenCases(
  name: string,
  client: Client,
  upstreams: Upstream[],
  { structuredBy = 'schema', streamed }: Peculiar = {},
): void {
  describe.each(upstreams)(`${name} before $format`, ({ format, model, fake }) => {
    it('gets an answer with usage', async () => {
      fake.next({ answer });
      expect(await client.chat(model)).toEqual(understood);
      expect(fake.received[0]?.body.toString()).toContain('Be brief.');
    });

    it('reads the same answer from a stream, with usage', async () => {
      fake.next({ answer });
      expect(await client.stream(model)).toEqual({ ...understood, ...streamed?.(format) });
      expect(fake.received[0]?.body.toString()).toContain('Be brief.');
    });

    it('runs a tool and sends its result back', async () => {
      const call = { id: 'id_1', name: 'weather', arguments: '{"city":"Zürich"}' };
      fake.next({ answer: { toolCalls: [call] } }, { answer });
      const turn = await client.tools(model);
      expect(turn).toEqual({ name: 'weather', arguments: { city: 'Zürich' }, text: answer.text });
      expect(fake.received[0]?.body.toString()).toContain('"city"');
      // The fakes refuse turns in which a call stays unanswered.
      expect(fake.received[1]?.body.toString()).toContain('rain');
    });

    it('shows a picture', async () => {
      await client.image(model);
      const sent = fake.received[0]?.body.toString() ?? '';
      // Google takes base64 in its URL-safe letters too, and its library for Python writes these.
      expect(format === 'gemini' ? sent.replaceAll(urlSafe(pixel), pixel) : sent).toContain(pixel);
    });

    it('gets an object that fits its schema', async () => {
      const made = '{"degrees":22}';
      const calls = [{ id: 'id_1', name: FUNCTION, arguments: made }];
      fake.next({ answer: structuredBy === 'schema' ? { text: made } : { toolCalls: calls } });
      expect(await client.structured(model)).toEqual({ degrees: 22 });
      expect(fake.received[0]?.body.toString()).toContain('degrees');
    });

    it('is told by the status that there were too many requests', async () => {
      fake.always({ status: 429 });
      expect(await client.error(model)).toBe(429);
    });

    it('stops the upstream when it leaves in the middle of a stream', async () => {
      // Pieces keep coming: some libraries look only then whether they were to leave.
      fake.next({ answer: { text: 'Sunny. '.repeat(1_000) }, delayBetweenMs: 50 });
      const left = client.abort(model);
      const request = await fake.request();
      await left;
      await expect(request.gone).resolves.toBeGreaterThan(0);
    });
  });
}
