import { join } from 'node:path';

/** The protocol's reference server, as a program that a gateway or a client starts. */
export const EVERYTHING = {
  command: process.execPath,
  args: [
    join(import.meta.dirname, '../../node_modules/@modelcontextprotocol/server-everything/dist/index.js'),
    'stdio',
  ],
};
