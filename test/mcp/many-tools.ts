import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Operations by what they do, each with a parameter or two. */
const OPERATIONS: Readonly<Record<string, readonly [description: string, ...parameters: string[]]>> = {
  listInvoices: ['Lists invoices of a customer.', 'customer', 'month'],
  refundPayment: ['Gives money back for a payment.', 'payment', 'amount'],
  createCustomer: ['Makes a new customer.', 'name', 'email'],
  weatherForecast: ['Says how the weather will be at a place.', 'city', 'days'],
  translateText: ['Translates a text into another language.', 'text', 'language'],
  bookFlight: ['Books a seat on a plane.', 'departure', 'arrival'],
  searchHotels: ['Finds rooms for a night.', 'city', 'night'],
  sendEmail: ['Sends a mail.', 'recipient', 'subject'],
  createTicket: ['Opens a ticket for support.', 'title', 'priority'],
  closeTicket: ['Closes a ticket of support.', 'ticket'],
  convertCurrency: ['Converts an amount from one currency to another.', 'amount', 'from', 'to'],
  stockQuote: ['Says what a share costs.', 'symbol'],
};

/** An API with many operations; each answers with its name and what it was asked. */
export interface ManyTools {
  /** As a server of the configuration. */
  readonly server: { readonly openapi: string; readonly base_url: string };
  readonly asked: string[];
  close(): void;
}

export async function startManyTools(): Promise<ManyTools> {
  const asked: string[] = [];
  const paths = Object.fromEntries(
    Object.entries(OPERATIONS).map(([operationId, [description, ...names]]) => [
      `/${operationId}`,
      {
        get: {
          operationId,
          description,
          parameters: names.map((name) => ({ name, in: 'query', schema: { type: 'string' } })),
          responses: {
            200: {
              description: 'All is well.',
              content: {
                'application/json': {
                  schema: {
                    type: 'object',
                    required: ['did'],
                    properties: { did: { type: 'string' }, query: { type: 'string' } },
                  },
                },
              },
            },
          },
        },
      },
    ]),
  );
  const http: Server = createServer(({ url = '', method }, response) => {
    if (method !== 'HEAD' && url !== '/openapi.json') asked.push(url);
    const [path = '', query = ''] = url.split('?');
    const value = url === '/openapi.json' ? { openapi: '3.1.0', paths } : { did: path.slice(1), query };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => http.once('listening', resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return {
    server: { openapi: `${url}/openapi.json`, base_url: url },
    asked,
    close() {
      http.closeAllConnections();
      http.close();
    },
  };
}
