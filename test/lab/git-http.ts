/** A real Git server over smart HTTP: Git's own `http-backend` behind node:http, as a web server runs it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { execa } from 'execa';

/** What becomes of a request. `lost`: it never reaches Git. `answer-lost`: Git does as it is told, and nobody hears of it. */
export type Mishap = 'none' | 'lost' | 'answer-lost';

export type GitHttp = {
  /** Of the folder that holds the repositories; `<url>/infra.git` is one of them. */
  readonly url: string;
  /** Bytes of all requests and answers so far, headers left out. */
  bytes(): { readonly received: number; readonly sent: number };
  stop(): Promise<void>;
};

/**
 * @param root folder of the repositories; whoever asks may push to them
 * @param befalls asked for each request, with its path and query
 */
export async function startGitHttp(
  root: string,
  befalls: (url: string) => Mishap = () => 'none',
): Promise<GitHttp> {
  const { stdout: libexec } = await execa('git', ['--exec-path']);
  const bytes = { received: 0, sent: 0 };
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => {
      bytes.received += chunk.length;
    });
    const mishap = befalls(request.url ?? '');
    if (mishap === 'lost') request.socket.destroy();
    else
      serve(`${libexec}/git-http-backend`, root, request, (output) => {
        if (mishap === 'answer-lost') request.socket.destroy();
        else bytes.sent += answer(output, response);
      });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    bytes: () => ({ ...bytes }),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function serve(
  backend: string,
  root: string,
  request: IncomingMessage,
  ended: (output: Buffer) => void,
): void {
  const { pathname, search } = new URL(request.url ?? '/', 'http://localhost');
  const child = spawn(backend, [], {
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      REMOTE_USER: 'lab',
      REQUEST_METHOD: request.method,
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  request.pipe(child.stdin).on('error', () => undefined);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.once('close', () => ended(Buffer.concat(chunks)));
}

/** From a CGI's output to an answer: headers, an empty line, the body. Returns the body's bytes. */
function answer(output: Buffer, response: ServerResponse): number {
  const end = output.indexOf('\r\n\r\n');
  for (const line of output.subarray(0, end).toString('latin1').split('\r\n')) {
    const [name = '', value = ''] = line.split(/: (.*)/s);
    if (name.toLowerCase() === 'status') response.statusCode = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  const body = output.subarray(end + 4);
  response.end(body);
  return body.length;
}
