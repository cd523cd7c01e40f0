import type { WireFormat } from '@headgate/sdk';
import type { Runtime } from '../runtime.js';

/** As many names as help. */
const MOST = 10;

/** For the error about what a provider cannot do: which ones can. */
export function ableHint({ providers, rows, formats }: Runtime, client: WireFormat): string {
  const here = [...providers].filter(([, { speeches }]) => speeches.has(client.id)).map(([id]) => id);
  if (here.length > 0) return ` These providers here can: ${named(here)}.`;
  const { operation } = client;
  const known = [...rows.values()].filter((row) =>
    Object.keys(row.formats).some(
      (id) => id === client.id || (client.task !== undefined && formats.get(id)?.operation === operation),
    ),
  );
  if (known.length === 0) return '';
  return ` No provider of the configuration can; such as can are ${named(known.map(({ id }) => id))}.`;
}

function named(ids: readonly string[]): string {
  const some = ids.slice(0, MOST).map((id) => `"${id}"`);
  return some.join(', ') + (ids.length > MOST ? ' and others' : '');
}
