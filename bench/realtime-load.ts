/**
 * The load process of the realtime scenario. Does what its parent asks, one thing at a time: opens sockets, sends at a
 * constant rate through some of them, or as fast as they take it.
 */
import { clock } from './connection.js';
import { clientFrame, RealtimeSocket } from './realtime-socket.js';

export type RealtimeJob =
  | { kind: 'open'; port: number; request: string; count: number }
  /** `rate` frames a second through each of the first `sockets`. */
  | { kind: 'paced'; sockets: number; rate: number; seconds: number }
  /** `window` frames under way on each of the first `sockets`. */
  | { kind: 'flood'; sockets: number; window: number; seconds: number }
  | { kind: 'close' };

export interface RealtimeLoad {
  /** Frames that went there and back. */
  frames: number;
  seconds: number;
  /** There and back, microseconds. */
  p50: number;
  p99: number;
  problems: Record<string, number>;
}

/** 50 ms of 24 kHz PCM16 as base64, which is what 20 frames a second carry. */
const FRAME = clientFrame(`{"type":"input_audio_buffer.append","audio":"${'A'.repeat(3_200)}"}`);
/** Handshakes under way at once. */
const OPENING = 64;
const DRAIN_MS = 2_000;

let sockets: RealtimeSocket[] = [];
let times: number[] = [];
let problems: Record<string, number> = {};
let again: ((socket: RealtimeSocket) => void) | null = null;

const note = (reason: string): void => {
  problems[reason] = (problems[reason] ?? 0) + 1;
};
const onFrame = (socket: RealtimeSocket, took: number): void => {
  times.push(took);
  again?.(socket);
};
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function open(port: number, request: string, count: number): Promise<void> {
  const next = async (): Promise<void> => {
    while (sockets.length < count) {
      const socket = new RealtimeSocket(port, request, onFrame, note);
      sockets.push(socket);
      await socket.opened();
    }
  };
  await Promise.all(Array.from({ length: OPENING }, next));
}

/** Frames are due evenly spread over time and sockets; a frame's time counts from when it was due. */
async function paced(count: number, rate: number, seconds: number): Promise<number> {
  const start = clock() + 20;
  const total = count * rate * seconds;
  const gap = 1000 / (count * rate);
  let sent = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(total, Math.floor((clock() - start) / gap));
      for (; sent < due; sent++) sockets[sent % count]!.send(FRAME, start + sent * gap);
      if (sent < total) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
  const until = clock() + DRAIN_MS;
  while (times.length < total && clock() < until) await sleep(5);
  if (times.length < total) note(`${total - times.length} frames that never came back`);
  return seconds;
}

async function flood(count: number, window: number, seconds: number): Promise<number> {
  const start = clock();
  const end = start + seconds * 1000;
  again = (socket) => {
    const now = clock();
    if (now < end) socket.send(FRAME, now);
  };
  for (const socket of sockets.slice(0, count)) for (let i = 0; i < window; i++) socket.send(FRAME, clock());
  await sleep(seconds * 1000);
  const frames = times.length;
  const took = (clock() - start) / 1000;
  again = null;
  await sleep(300);
  times.length = frames;
  return took;
}

async function run(job: RealtimeJob): Promise<RealtimeLoad> {
  times = [];
  problems = {};
  let seconds = 0;
  if (job.kind === 'open') await open(job.port, job.request, job.count);
  else if (job.kind === 'paced') seconds = await paced(job.sockets, job.rate, job.seconds);
  else if (job.kind === 'flood') seconds = await flood(job.sockets, job.window, job.seconds);
  else {
    for (const socket of sockets) socket.close();
    sockets = [];
  }
  const sorted = Float64Array.from(times).sort();
  const at = (share: number) => (sorted[Math.floor(sorted.length * share)] ?? Number.NaN) * 1000;
  return { frames: times.length, seconds, p50: at(0.5), p99: at(0.99), problems };
}

process.on('message', (job: RealtimeJob) => {
  run(job).then(
    (load) => process.send?.(load),
    (error: Error) =>
      process.send?.({ frames: 0, seconds: 0, p50: 0, p99: 0, problems: { [error.message]: 1 } }),
  );
});
process.on('disconnect', () => process.exit(0));
