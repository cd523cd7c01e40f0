import { expect, it } from 'vitest';
import type { Unpriced } from '../../core/config/config.js';
import type { Exchange } from '../../core/exchange.js';
import { UnpricedModels } from '../../core/unpriced.js';

const said: unknown[] = [];

/** As much of an exchange as the note looks at. */
const exchange = (model: string, unpriced: Unpriced, operation = 'chat'): Exchange =>
  ({
    target: { provider: { id: 'openai' }, model },
    io: { log: { warn: (_: string, fields: object) => said.push(fields) } },
    principal: { unpriced: null },
    route: { unpriced: null },
    runtime: { config: { unpriced } },
    endpoint: { format: { operation } },
  }) as unknown as Exchange;

it('the log is told of a model without a price once, unless that is allowed', () => {
  const models = new UnpricedModels();
  for (const model of ['a', 'b', 'a', 'a']) models.note(exchange(model, 'warn'));
  models.note(exchange('c', 'allow'));
  models.note(exchange('d', 'warn', 'count-tokens'));
  expect(said).toEqual([
    { model: 'openai/a', hint: expect.stringContaining('"prices"') },
    { model: 'openai/b', hint: expect.stringContaining('"unpriced"') },
  ]);
});
