import {
  type AdapterAnswer,
  type AdapterCall,
  type JsonObject,
  MalformedBody,
  type Usage,
} from '@headgate/sdk';
import { flag, list, text, without } from './fields.js';
import { usedUnits } from './used-units.js';

/** Milliseconds from the beginning of the recording. */
export interface SpokenWord {
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly speaker?: string | undefined;
}

export interface Transcript {
  readonly text: string;
  readonly language?: string | undefined;
  /** Of the recording; 0 when nobody says. */
  readonly durationMs: number;
  readonly words: readonly SpokenWord[];
  /** When it is not billed by its duration. */
  readonly usage?: { readonly openai: JsonObject; readonly usage: Usage };
}

/** Fields of `audio/transcriptions` that this answers to. */
export const TRANSCRIPT_FIELDS = ['response_format', 'stream', 'timestamp_granularities', 'language'];

const FORMATS = ['json', 'text', 'srt', 'vtt', 'verbose_json', 'diarized_json'];

/** The format that the client wants its transcript in. Throws MalformedBody when there is none of that name. */
export function transcriptFormat(call: AdapterCall): string {
  const wanted = text(call, 'response_format') ?? 'json';
  if (!FORMATS.includes(wanted))
    throw new MalformedBody(`'response_format' must be one of ${FORMATS.join(', ')}`, 'response_format');
  return wanted;
}

/** Speakers are to be told apart. */
export function wantsSpeakers(call: AdapterCall): boolean {
  return transcriptFormat(call) === 'diarized_json';
}

/** The answer to `audio/transcriptions` in the form that the client asked for, https://platform.openai.com/docs/api-reference/audio. */
export function transcriptAnswer(call: AdapterCall, transcript: Transcript): AdapterAnswer {
  const { usage: own, durationMs } = transcript;
  const usage = own?.usage ?? usedUnits({ inputAudioMs: durationMs });
  const told = own?.openai ?? { type: 'duration', seconds: seconds(durationMs) };
  const format = transcriptFormat(call);
  if (flag(call, 'stream') && !isPlain(format))
    return { body: events(transcript, told), contentType: 'text/event-stream', usage };
  if (format === 'srt') return { body: srt(transcript), contentType: 'application/x-subrip', usage };
  if (format === 'vtt') return { body: vtt(transcript), contentType: 'text/vtt', usage };
  if (format === 'text')
    return { body: Buffer.from(`${transcript.text}\n`), contentType: 'text/plain', usage };
  if (format === 'json') return { body: { text: transcript.text, usage: told }, usage };
  return {
    body: format === 'diarized_json' ? diarized(transcript, told) : verbose(call, transcript, told),
    usage,
  };
}

function isPlain(format: string): boolean {
  return format === 'text' || format === 'srt' || format === 'vtt';
}

function events({ text: said }: Transcript, usage: JsonObject): Buffer {
  const all = [
    { type: 'transcript.text.delta', delta: said },
    { type: 'transcript.text.done', text: said, usage },
  ];
  return Buffer.from(all.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''));
}

function verbose(call: AdapterCall, transcript: Transcript, usage: JsonObject): JsonObject {
  const wanted = list(call, 'timestamp_granularities');
  const segments = segmentsOf(transcript).map(({ text: said, startMs, endMs }, id) => ({
    id,
    start: seconds(startMs),
    end: seconds(endMs),
    text: said,
  }));
  const words = transcript.words.map(({ text: word, startMs, endMs }) => ({
    word,
    start: seconds(startMs),
    end: seconds(endMs),
  }));
  return without({
    task: call.name === 'audio/translations' ? 'translate' : 'transcribe',
    language: transcript.language ?? '',
    duration: seconds(transcript.durationMs),
    text: transcript.text,
    segments: wanted.length === 0 || wanted.includes('segment') ? segments : undefined,
    words: wanted.includes('word') ? words : undefined,
    usage,
  });
}

function diarized(transcript: Transcript, usage: JsonObject): JsonObject {
  const segments = segmentsOf(transcript).map(({ text: said, startMs, endMs, speaker }, i) => ({
    type: 'transcript.text.segment',
    id: `seg_${i}`,
    start: seconds(startMs),
    end: seconds(endMs),
    text: said,
    speaker: speaker ?? 'A',
  }));
  return {
    task: 'transcribe',
    duration: seconds(transcript.durationMs),
    text: transcript.text,
    segments,
    usage,
  };
}

/** Most of one line of subtitles. */
const MOST_WORDS = 14;
const MOST_MS = 7_000;

/** Sentences, as far as punctuation shows them, of one speaker each. */
function segmentsOf({ words, text: said, durationMs }: Transcript): SpokenWord[] {
  if (words.length === 0) return [{ text: said, startMs: 0, endMs: durationMs }];
  const segments: SpokenWord[] = [];
  let open: SpokenWord[] = [];
  const close = (): void => {
    const [first, last] = [open[0], open.at(-1)];
    if (first !== undefined && last !== undefined)
      segments.push({
        text: open.map((word) => word.text).join(' '),
        startMs: first.startMs,
        endMs: last.endMs,
        speaker: first.speaker,
      });
    open = [];
  };
  for (const word of words) {
    const [first] = open;
    const other = first !== undefined && first.speaker !== word.speaker;
    if (other || (first !== undefined && word.endMs - first.startMs > MOST_MS)) close();
    open.push(word);
    if (/[.!?…。！？]["')\]]*$/.test(word.text) || open.length >= MOST_WORDS) close();
  }
  close();
  return segments;
}

function srt(transcript: Transcript): Buffer {
  const blocks = segmentsOf(transcript).map(
    ({ text: said, startMs, endMs }, i) =>
      `${i + 1}\n${clock(startMs, ',')} --> ${clock(endMs, ',')}\n${said}\n\n`,
  );
  return Buffer.from(blocks.join(''));
}

function vtt(transcript: Transcript): Buffer {
  const blocks = segmentsOf(transcript).map(
    ({ text: said, startMs, endMs }) => `${clock(startMs, '.')} --> ${clock(endMs, '.')}\n${said}\n\n`,
  );
  return Buffer.from(`WEBVTT\n\n${blocks.join('')}`);
}

/** `01:02:03,004` */
function clock(ms: number, point: string): string {
  const part = (value: number, digits = 2): string => String(Math.floor(value)).padStart(digits, '0');
  const whole = Math.round(ms);
  return `${part(whole / 3_600_000)}:${part((whole / 60_000) % 60)}:${part((whole / 1000) % 60)}${point}${part(whole % 1000, 3)}`;
}

function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}
