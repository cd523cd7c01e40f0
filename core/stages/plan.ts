import { GatewayError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { modelRefused } from '../identity/virtual-key.js';

/** Stage 6. The route of the public model, whether this caller may use it, and the hooks compiled for it. */
export function plan(x: Exchange): void {
  const { models, plans } = x.runtime;
  const route = models.find(x.model, x.endpoint.format);
  if (route === null) throw new GatewayError(models.missing(x.model, x.endpoint.format));
  const { principal } = x;
  if (principal !== null && !principal.mayUse(x.model) && !principal.mayUse(route.name)) {
    throw modelRefused(principal, x.model);
  }
  x.route = route;
  x.plan = plans.find(x.endpoint.format, route.name);
  x.runtime.bodies?.begin(x);
}
