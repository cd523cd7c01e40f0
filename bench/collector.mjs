// A collector of traces for benchmarks: counts requests it is told of, each id once, and says so at /count.
// Usage: node collector.mjs PORT
import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';

const ID = 'req_';
const seen = new Set();
let told = 0;

createServer((request, response) => {
  if (request.url === '/count') {
    response.end(JSON.stringify({ told, different: seen.size }));
    return;
  }
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    const packed = request.headers['content-encoding'] === 'gzip';
    const text = (packed ? gunzipSync(body) : body).toString('latin1');
    // The name of the attribute, then its value.
    for (
      let at = text.indexOf('headgate.request.id');
      at !== -1;
      at = text.indexOf('headgate.request.id', at + 1)
    ) {
      const from = text.indexOf(ID, at);
      // Its length goes before it.
      seen.add(text.slice(from, from + text.charCodeAt(from - 1)));
      told++;
    }
    response.end();
  });
}).listen(Number(process.argv[2]), '127.0.0.1');
