import { headerOf } from '@headgate/sdk';
import type { ControlAnswer } from '../control.js';
import { EXPOSITION_TYPES, type ExpositionFormat } from '../observe/exposition.js';
import { type AdminRequest, notFound } from './route.js';
import type { AdminParts } from './routes.js';

/** `GET /metrics`: all metrics, as OpenMetrics where that is asked for. */
export async function metricsPage(parts: AdminParts, request: AdminRequest): Promise<ControlAnswer> {
  if (!parts.config().observability.prometheus) return notFound(request);
  const format = formatOf(headerOf(request.headers, 'accept') ?? '');
  return {
    status: 200,
    headers: ['content-type', EXPOSITION_TYPES[format]],
    body: await parts.ledger.metrics(format, await parts.facts()),
  };
}

/** OpenMetrics for whoever likes it at least as well as plain text, as Prometheus' own servers do. */
function formatOf(accept: string): ExpositionFormat {
  const quality = (type: string): number => {
    for (const one of accept.toLowerCase().split(',')) {
      const [name, ...more] = one.split(';').map((part) => part.trim());
      if (name !== type) continue;
      const q = more.find((part) => part.startsWith('q='));
      return q === undefined ? 1 : Number(q.slice(2)) || 0;
    }
    return 0;
  };
  const open = quality('application/openmetrics-text');
  return open > 0 && open >= quality('text/plain') ? 'openmetrics' : 'prometheus';
}
