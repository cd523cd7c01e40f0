/**
 * The fake provider: OpenAI's `/chat/completions` and Anthropic's `/messages` under any prefix, from bytes built at start.
 * A model with `mini` or `haiku` in its name streams all its events together, each in an HTTP chunk of its own as providers
 * send them, any other one streams them 20 ms apart. Without the provider's key the answer is 401, so that a gateway that
 * does not change the credentials shows up as an invalid run.
 * Usage: node upstream.js [PORT]. Tells its port to a parent over IPC.
 */
import uWS, { type HttpResponse } from 'uWebSockets.js';
import { announce } from './announce.js';
import { Pacer } from './pacer.js';
import * as shapes from './shapes.js';

interface Api {
  answer: Buffer;
  paced: Buffer[];
  burst: Buffer[];
  headers: [string, string][];
}

const openai = (withUsage: boolean): Api => ({
  answer: shapes.openaiAnswer(),
  paced: shapes.openaiEvents(shapes.PACED_EVENTS, withUsage),
  burst: shapes.openaiEvents(shapes.BURST_EVENTS, withUsage),
  headers: [
    ['date', 'Thu, 09 Oct 2025 08:53:20 GMT'],
    ['access-control-expose-headers', 'X-Request-ID'],
    ['openai-organization', 'bench'],
    ['openai-processing-ms', '12'],
    ['openai-version', '2020-10-01'],
    ['x-ratelimit-limit-requests', '10000'],
    ['x-ratelimit-limit-tokens', '30000000'],
    ['x-ratelimit-remaining-requests', '9999'],
    ['x-ratelimit-remaining-tokens', '29999813'],
    ['x-ratelimit-reset-requests', '6ms'],
    ['x-ratelimit-reset-tokens', '0s'],
    ['x-request-id', 'req_0123456789abcdef0123456789abcdef'],
    ['cf-cache-status', 'DYNAMIC'],
    ['server', 'cloudflare'],
  ],
});
const openaiPlain = openai(false);
const openaiWithUsage = openai(true);
const anthropic: Api = {
  answer: shapes.anthropicAnswer(),
  paced: shapes.anthropicEvents(shapes.PACED_EVENTS),
  burst: shapes.anthropicEvents(shapes.BURST_EVENTS),
  headers: [
    ['date', 'Thu, 09 Oct 2025 08:53:20 GMT'],
    ['anthropic-ratelimit-requests-limit', '4000'],
    ['anthropic-ratelimit-requests-remaining', '3999'],
    ['anthropic-ratelimit-requests-reset', '2025-10-09T08:53:20Z'],
    ['anthropic-ratelimit-tokens-limit', '2000000'],
    ['anthropic-ratelimit-tokens-remaining', '2000000'],
    ['request-id', 'req_011CTwExampleExampleExample'],
    ['server', 'cloudflare'],
  ],
};
const pacer = new Pacer(shapes.PACED_GAP_MS);
const aborted = new WeakSet<HttpResponse>();
const has = (body: Buffer, text: string) => body.indexOf(text) !== -1;

function reply(res: HttpResponse, api: Api, body: Buffer): void {
  const stream = has(body, '"stream":true') || has(body, '"stream": true');
  const head = () => {
    for (const [name, value] of api.headers) res.writeHeader(name, value);
    res.writeHeader('content-type', stream ? 'text/event-stream; charset=utf-8' : 'application/json');
  };
  if (!stream) {
    res.cork(() => {
      head();
      res.end(api.answer);
    });
  } else if (has(body, '-mini"') || has(body, 'haiku')) {
    res.cork(() => {
      head();
      for (const event of api.burst) res.write(event);
      res.end();
    });
  } else {
    let sent = 0;
    pacer.play({
      next() {
        if (aborted.has(res)) return false;
        const event = api.paced[sent++]!;
        res.cork(() => {
          if (sent === 1) head();
          res.write(event);
          // The closing events come with the last content event, as a provider's do.
          if (sent === shapes.PACED_EVENTS) res.end(api.paced[sent]);
        });
        return sent < shapes.PACED_EVENTS;
      },
    });
  }
}

uWS
  .App()
  .post('/*', (res, req) => {
    const isAnthropic = req.getUrl().endsWith('/messages');
    const key = isAnthropic
      ? req.getHeader('x-api-key')
      : req.getHeader('authorization').slice('Bearer '.length);
    const parts: Buffer[] = [];
    res.onAborted(() => void aborted.add(res));
    res.onData((chunk, isLast) => {
      if (isLast && key !== shapes.UPSTREAM_KEY) {
        res.cork(() => res.writeStatus('401 Unauthorized').end('{"error":{"message":"wrong key"}}'));
        return;
      }
      const view = Buffer.from(chunk);
      parts.push(isLast ? view : Buffer.from(view)); // uWS takes its memory back after this call
      if (!isLast) return;
      const body = parts.length === 1 ? view : Buffer.concat(parts);
      const api = isAnthropic ? anthropic : has(body, 'include_usage') ? openaiWithUsage : openaiPlain;
      reply(res, api, body);
    });
  })
  .listen('127.0.0.1', Number(process.argv[2] ?? 0), (socket) =>
    announce(socket && uWS.us_socket_local_port(socket)),
  );
