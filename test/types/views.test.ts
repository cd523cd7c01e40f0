import {
  type CanonicalRequest,
  definePlugin,
  type Principal,
  type Reply,
  type StreamEvent,
  type Target,
} from '@headgate/sdk';
import { describe, expectTypeOf, it } from 'vitest';

// Each `@ts-expect-error` fails the type check of this folder when the line below it is no error any more.

describe('the views of a plugin', () => {
  it('have a request in the hub only with the need for it', () => {
    definePlugin({
      name: 'head',
      version: '1',
      setup: () => ({
        request(view) {
          expectTypeOf(view.body).toEqualTypeOf<Uint8Array>();
          // @ts-expect-error there is no request without `request: 'canonical'`
          void view.request;
          // @ts-expect-error nor anything to replace
          view.replace;
        },
        upstream(_, view) {
          expectTypeOf(view.target).toEqualTypeOf<Target>();
          // @ts-expect-error in no phase
          void view.request;
        },
      }),
    });
    definePlugin({
      name: 'canonical',
      version: '1',
      needs: { request: 'canonical', response: 'none' },
      setup: () => ({
        request(view) {
          expectTypeOf(view.request).toEqualTypeOf<CanonicalRequest>();
          view.replace(view.request);
        },
        head(_, view) {
          expectTypeOf(view.request).toEqualTypeOf<CanonicalRequest>();
          expectTypeOf(view.status).toEqualTypeOf<number>();
        },
        identify(view) {
          expectTypeOf(view.credential).toEqualTypeOf<string | null>();
          // @ts-expect-error the body was not read yet
          void view.request;
        },
      }),
    });
  });

  it('know of an attempt only once there is one', () => {
    definePlugin({
      name: 'attempts',
      version: '1',
      setup: () => ({
        route(_, view) {
          // @ts-expect-error targets are being chosen
          void view.target;
        },
        upstream(_, view) {
          // @ts-expect-error the answer is not there yet
          void view.status;
        },
      }),
    });
  });
});

describe('the hooks of a plugin', () => {
  it('for bytes, events and the whole answer need their need', () => {
    const event = (one: StreamEvent): StreamEvent => one;
    const tap = (): void => {};
    const bytes = { request: 'head', response: 'bytes' } as const;
    const events = { request: 'head', response: 'events' } as const;
    const whole = { request: 'head', response: 'whole' } as const;
    const base = { name: 'p', version: '1' };
    definePlugin({ ...base, needs: bytes, setup: () => ({ bytes: tap }) });
    definePlugin({ ...base, needs: events, setup: () => ({ event }) });
    definePlugin({ ...base, needs: whole, setup: () => ({ response: () => {} }) });
    // @ts-expect-error no needs declared: no event hook
    definePlugin({ ...base, setup: () => ({ event }) });
    // @ts-expect-error events are not bytes
    definePlugin({ ...base, needs: events, setup: () => ({ bytes: tap }) });
    // @ts-expect-error events are not the whole
    definePlugin({ ...base, needs: events, setup: () => ({ response: () => {} }) });
    // @ts-expect-error there is no such hook
    definePlugin({ ...base, setup: () => ({ reqest: tap }) });
  });

  it('return what their kind may return', () => {
    const refusal: Reply = { type: 'raw', status: 403, headers: [], body: '' };
    const who: Principal = { id: 'u', name: 'u', models: ['*'], metadata: {} };
    const needs = { request: 'head', response: 'events' } as const;
    const name = 'p';
    const version = '1';
    definePlugin({
      name,
      version,
      needs,
      setup: () => ({
        identify: async () => who,
        request: () => refusal,
        route: (targets) => targets.toReversed(),
        upstream: async (head) => ({ ...head, path: '/' }),
        head: () => ({ action: 'retry', delayMs: 5 }),
        event: () => null,
        settled: async () => {},
      }),
    });
    definePlugin({
      name,
      version,
      setup: () => ({ identify: () => refusal, request: async () => {}, head() {} }),
    });
    definePlugin({ name, version, needs, setup: () => ({ event: (event) => [event, event] }) });
    // @ts-expect-error only identify says who calls
    definePlugin({ name, version, setup: () => ({ request: () => who }) });
    // @ts-expect-error a gate answers with a reply, not with a yes or no
    definePlugin({ name, version, setup: () => ({ request: () => true }) });
    // @ts-expect-error a pause needs its length
    definePlugin({ name, version, setup: () => ({ head: () => ({ action: 'retry' }) }) });
    // @ts-expect-error stream hooks are synchronous
    definePlugin({ name, version, needs, setup: () => ({ event: async (event) => event }) });
    // @ts-expect-error a request cannot be routed to a name alone
    definePlugin({ name, version, setup: () => ({ route: () => ['openai/gpt-4o'] }) });
  });

  it('have a handler or a hold window, and the window only for events', () => {
    const needs = { request: 'head', response: 'events' } as const;
    const hold = { chars: 100, inspect: async () => undefined };
    const handler = (): null => null;
    definePlugin({ name: 'p', version: '1', needs, setup: () => ({ event: { hold, timeoutMs: 100 } }) });
    definePlugin({
      name: 'p',
      version: '1',
      needs,
      setup: () => ({ event: { handler, onFailure: 'open', order: 1 } }),
    });
    definePlugin({
      name: 'p',
      version: '1',
      setup: () => ({
        request: { handler: () => undefined, filter: { models: ['gpt-*'], formats: ['openai-chat'] } },
      }),
    });
    // @ts-expect-error not both
    definePlugin({ name: 'p', version: '1', needs, setup: () => ({ event: { hold, handler } }) });
    // @ts-expect-error not neither
    definePlugin({ name: 'p', version: '1', needs, setup: () => ({ event: { order: 1 } }) });
    // @ts-expect-error a request is not a stream
    definePlugin({ name: 'p', version: '1', setup: () => ({ request: { hold } }) });
  });
});
