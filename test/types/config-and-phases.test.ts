import {
  type CanonicalResponse,
  definePlugin,
  type HookTable,
  type Needs,
  type Phase,
  type Principal,
  phaseKinds,
  type Reply,
  type SettledRecord,
  type StreamEvent,
} from '@headgate/sdk';
import { runHook, textStream } from '@headgate/sdk/testing';
import { describe, expectTypeOf, it } from 'vitest';
import { z } from 'zod';

describe('the config of a plugin', () => {
  it('has the type of its schema, after defaults and conversions', () => {
    definePlugin({
      name: 'p',
      version: '1',
      config: z.object({
        words: z.array(z.string()).default([]),
        limit: z.coerce.number(),
        mode: z.enum(['a', 'b']).optional(),
        url: z.string().transform((text) => new URL(text)),
      }),
      setup(_, config) {
        expectTypeOf(config.words).toEqualTypeOf<string[]>();
        expectTypeOf(config.limit).toEqualTypeOf<number>();
        expectTypeOf(config.mode).toEqualTypeOf<'a' | 'b' | undefined>();
        expectTypeOf(config.url).toEqualTypeOf<URL>();
        // @ts-expect-error the schema has no such setting
        void config.word;
      },
    });
  });

  it('is nothing without a schema', () => {
    definePlugin({
      name: 'p',
      version: '1',
      setup(_, config) {
        expectTypeOf(config).toEqualTypeOf<undefined>();
      },
    });
  });
});

describe('the hook table', () => {
  it('gives every phase a kind, in the order in which they run', () => {
    expectTypeOf<keyof typeof phaseKinds>().toEqualTypeOf<Phase>();
    expectTypeOf<Phase>().toEqualTypeOf<
      | 'identify'
      | 'request'
      | 'refused'
      | 'route'
      | 'upstream'
      | 'head'
      | 'bytes'
      | 'event'
      | 'response'
      | 'tool'
      | 'toolResult'
      | 'settled'
    >();
    type Kinds = { readonly [P in Phase]: HookTable<Needs>[P]['kind'] };
    const { settled, ...others } = phaseKinds;
    // @ts-expect-error a phase is missing
    const forgotten: Kinds = { ...others };
    // @ts-expect-error of another kind
    const wrong: Kinds = { ...others, settled: 'map' };
    const right: Kinds = { ...others, settled };
    void [forgotten, wrong, right];
  });
});

describe('runHook', () => {
  const plugin = definePlugin({ name: 'p', version: '1' });

  it('asks for the value of the phase and gives what its kind gives', () => {
    const calls = {
      identify: () => runHook(plugin, 'identify', {}),
      request: () => runHook(plugin, 'request', { view: { prompt: 'Hi' } }),
      response: (value: CanonicalResponse) => runHook(plugin, 'response', { value }),
      event: () => runHook(plugin, 'event', { value: { type: 'end' } }),
      settled: (value: SettledRecord) => runHook(plugin, 'settled', { value }),
    };
    type Result<K extends keyof typeof calls> = Awaited<ReturnType<(typeof calls)[K]>>['result'];
    expectTypeOf<Result<'identify'>>().toEqualTypeOf<Principal | Reply | undefined>();
    expectTypeOf<Result<'request'>>().toEqualTypeOf<Reply | undefined>();
    expectTypeOf<Result<'response'>>().toEqualTypeOf<CanonicalResponse>();
    expectTypeOf<Result<'event'>>().toEqualTypeOf<readonly StreamEvent[]>();
    expectTypeOf<Result<'settled'>>().toEqualTypeOf<undefined>();

    const wrong = [
      // @ts-expect-error a chain needs a value
      () => runHook(plugin, 'upstream', {}),
      // @ts-expect-error of its own type
      () => runHook(plugin, 'event', { value: textStream('a') }),
      // @ts-expect-error a gate has none
      () => runHook(plugin, 'request', { value: 1 }),
      // @ts-expect-error the view has no such member
      () => runHook(plugin, 'request', { view: { promt: 'Hi' } }),
    ];
    void wrong;
  });
});
