import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { S3Settings } from '../../core/observe/bodies/body-settings.js';

/** Storage that speaks as https://docs.aws.amazon.com/AmazonS3/latest/API says, as far as single objects go. */
export interface FakeS3 {
  readonly settings: S3Settings;
  readonly objects: Map<string, Buffer>;
  /** Answered to everything; null: what is asked is done. */
  status: number | 'never' | null;
  /** What comes after an object was written. */
  after: 'cut' | null;
  /** An object whose name has this is not deleted. */
  held: string | null;
  close(): Promise<void>;
}

export async function startS3(): Promise<FakeS3> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url ?? '';
      const { method } = request;
      if (fake.status === 'never') return;
      if (fake.status !== null) response.writeHead(fake.status).end('<Error/>');
      else if (method === 'PUT') {
        fake.objects.set(path, Buffer.concat(chunks));
        if (fake.after === 'cut') request.socket.destroy();
        else response.writeHead(200).end();
      } else if (method === 'DELETE') {
        if (fake.held !== null && path.includes(fake.held)) response.writeHead(403).end('<Error/>');
        else response.writeHead(204).end(void fake.objects.delete(path));
      } else if (fake.objects.has(path)) response.writeHead(200).end(fake.objects.get(path));
      else response.writeHead(404).end('<Error/>');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const fake: FakeS3 = {
    settings: {
      bucket: 'logs',
      region: 'eu-central-1',
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      prefix: 'headgate/',
      accessKeyId: 'AKIDEXAMPLE',
      secretAccessKey: 'the-secret-of-the-storage',
    },
    objects: new Map(),
    status: null,
    after: null,
    held: null,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return fake;
}
