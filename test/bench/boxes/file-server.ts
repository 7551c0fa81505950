/** A plain web server for one folder, to be run in a host's namespace: `node file-server.ts FOLDER [KEY CERTIFICATE]`. */
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream';

const [folder = '', key, certificate] = process.argv.slice(2);

const answer: RequestListener = (request, response) => {
  const file = join(folder, basename(request.url ?? ''));
  const about = statSync(file, { throwIfNoEntry: false });
  if (about?.isFile() !== true) {
    response.writeHead(404).end();
    return;
  }
  const { size } = about;
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  const start = Number(first ?? 0);
  const end = last ? Math.min(Number(last), size - 1) : size - 1;
  const length = end - start + 1;
  const range = first === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${size}` };
  response.writeHead(first === undefined ? 200 : 206, { 'content-length': length, ...range });
  pipeline(createReadStream(file, { start, end, highWaterMark: 1024 * 1024 }), response, () => {});
};

const server =
  key === undefined || certificate === undefined
    ? createServer(answer)
    : createSecureServer({ key: readFileSync(key), cert: readFileSync(certificate) }, answer);
server.listen(8443, () => process.stdout.write('listening\n'));
