/** A server with TLS that this process believes. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { scratch } from './scene.ts';
import { listening } from './server.ts';

/** Returns `https://localhost:PORT`. */
export async function tlsServer(answer: RequestListener): Promise<string> {
  const root = scratch();
  const [key, cert] = [join(root, 'key.pem'), join(root, 'cert.pem')];
  const made = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const named = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync('openssl', ['req', ...made, ...named, '-keyout', key, '-out', cert], { stdio: 'pipe' });
  const believed = readFileSync(cert, 'utf8');
  setDefaultCACertificates([...getCACertificates('default'), believed]);
  const url = await listening(createServer({ key: readFileSync(key), cert: believed }, answer));
  return url.replace('http://127.0.0.1', 'https://localhost');
}
