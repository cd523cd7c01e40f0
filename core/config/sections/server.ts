import { z } from 'zod';
import { duration } from '../duration.js';
import { parseFetchRule } from '../fetch-rule.js';
import { integer } from '../integer.js';
import { size } from '../size.js';
import { wants } from '../wants.js';

const hostForm = wants('a host name or an IP address');
const threadsForm = wants('"auto" or a whole number from 1 to 256');
const fetchForm = wants('a host, an address or a network such as 10.0.0.0/8');
const pathForm = (what: string) => wants(`the path of ${what}`);

const tls = z.strictObject({
  cert: z
    .string(pathForm('a PEM file'))
    .min(1, pathForm('a PEM file'))
    .describe('PEM file of the certificate chain.'),
  key: z
    .string(pathForm('a PEM file'))
    .min(1, pathForm('a PEM file'))
    .describe('PEM file of the private key.'),
});

/** Where and how the gateway listens. */
export const serverSection = z.strictObject({
  host: z
    .string(hostForm)
    .regex(/^[A-Za-z0-9_.:%[\]-]{1,253}$/, hostForm)
    .default('127.0.0.1')
    .describe('Address to listen on. Anything but loopback needs `admin.token`.'),
  port: integer(0, 65_535, 'a port from 0 to 65535')
    .default(8080)
    .describe('Port to listen on; 0 takes a free one.'),
  threads: z
    .union([z.literal('auto'), integer(1, 256)], threadsForm)
    .default('auto')
    .describe(
      'I/O threads. `auto` is the number of cores less one, at least 1; 1 uses the main thread alone.',
    ),
  body_limit: size(2 * 1024 ** 3)
    .prefault('50mb')
    .describe('Largest request body that is read here; a larger one is answered with 413.'),
  upload_limit: size(1024 ** 4)
    .prefault('900mb')
    .describe(
      'Largest request body that is only forwarded, such as an uploaded file; a larger one is answered with 413. The HTTP ' +
        'server itself reads no body whose declared length has ten digits.',
    ),
  max_in_flight: integer(1, 1_000_000)
    .default(10_000)
    .describe('Requests that may run at once in each I/O thread; more are answered with 503.'),
  max_headers: integer(1, 48)
    .default(48)
    .describe(
      'Headers a request may have; one with more is refused. The HTTP server itself reads no more than 48.',
    ),
  max_header_size: size(1024 ** 2)
    .prefault('16kb')
    .describe('Sum of the header names and values of a request; one with more is refused.'),
  drain_timeout: duration()
    .prefault('30s')
    .describe('How long running requests may still take after SIGTERM before they are cut.'),
  fetch_allow: z
    .array(
      z.string(fetchForm).refine((text) => parseFetchRule(text) !== null, fetchForm),
      wants('a list of hosts, addresses and networks'),
    )
    .default([])
    .describe(
      'Hosts, addresses and networks (`10.0.0.0/8`) that plugins may fetch from although they are not public.',
    ),
  tls: tls.optional().describe('Serve HTTPS. Relative paths start at the folder of this file.'),
});
