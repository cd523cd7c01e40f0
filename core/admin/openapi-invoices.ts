import { INVOICED } from '../store/invoice.js';
import { issueSchema } from './invoice-routes.js';
import {
  body,
  CURSOR,
  content,
  ERRORS,
  type Json,
  jsonSchema,
  LIMIT,
  ok,
  query,
  TEXT,
} from './openapi-parts.js';

/** Paths of invoices. */
export function invoicePaths(): Json {
  const anything = { type: 'object' };
  const formats = query('format', { enum: ['json', 'csv', 'text', 'html'], default: 'json' });
  const number = {
    name: 'number',
    in: 'path',
    required: true,
    schema: TEXT,
    description: 'INV-000012, or 12',
  };
  const printed = {
    'text/csv': { schema: TEXT },
    'text/plain': { schema: TEXT },
    'text/html': { schema: TEXT },
  };
  const invoice = { description: 'The invoice', content: { ...content(anything), ...printed } };
  return {
    '/api/invoices': {
      get: {
        operationId: 'get_invoices',
        summary:
          'The invoice of a month and somebody, a draft when it was not issued; without both, those that were issued',
        parameters: [
          query('month', TEXT, 'Such as 2026-10'),
          ...INVOICED.map((name) => query(name, TEXT)),
          query('kind', { enum: INVOICED }),
          LIMIT,
          CURSOR,
          formats,
        ],
        responses: { 200: invoice, ...ERRORS },
      },
      post: {
        operationId: 'issue_invoices',
        summary: 'Issues the invoice of a month that is over, once',
        requestBody: body(jsonSchema(issueSchema)),
        responses: { 200: ok(anything), ...ERRORS },
      },
    },
    '/api/invoices/{number}': {
      parameters: [number],
      get: { operationId: 'get_invoice', parameters: [formats], responses: { 200: invoice, ...ERRORS } },
    },
    '/api/invoices/{number}/void': {
      parameters: [number],
      post: {
        operationId: 'void_invoice',
        summary: 'Takes an invoice back by a credit note, once',
        responses: { 200: ok(anything, 'The credit note'), ...ERRORS },
      },
    },
  };
}
