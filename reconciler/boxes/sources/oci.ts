/**
 * `oci://registry/name`, also with `:tag` or `@digest` behind it: a registry of the OCI distribution specification. It keeps files by their
 * SHA-256, so what the catalogue says of a box is its address there, and what a tag means at the moment does not matter.
 *
 * Anonymous, with a token where the registry gives one to everybody (its docs call that the token authentication of Docker's registries).
 */
import { isObject } from '../../observed/vagrant-files.ts';
import { openUrl, Unauthorized } from './http.ts';
import { type Resume, type Source, type SourceBody, SourceMissed } from './source.ts';

/** @param sha256 of the file that is wanted. Throws SourceMissed for what is no address of a registry. */
export function ociSource(address: string, sha256: string): Source {
  const { url, origin, name } = blobOf(address, sha256);
  /** Kept from one opening to the next; a registry that does not like it any more is asked for another. */
  let token: string | null = null;

  // the storage that the registry sends us on to is somebody else
  const headers = (to: URL): Record<string, string> =>
    token !== null && to.origin === origin ? { authorization: `Bearer ${token}` } : {};

  async function open(resume: Resume, signal: AbortSignal): Promise<SourceBody> {
    try {
      return await openUrl(url, resume, signal, headers);
    } catch (error) {
      if (!(error instanceof Unauthorized)) throw error;
      token = await tokenFor(error.challenge, name, origin, signal);
      return await openUrl(url, resume, signal, headers);
    }
  }
  return { address, open, close: () => {} };
}

/** OCI distribution specification, "Pulling manifests": `<name>`. */
const NAME = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const ADDRESS = new RegExp(
  `^oci://([^/@]+)/(${NAME}(?:/${NAME})*)(?::[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(?:@sha256:[0-9a-f]{64})?$`,
);

type Blob = { readonly url: URL; readonly origin: string; readonly name: string };

function blobOf(address: string, sha256: string): Blob {
  const [, registry = '', name = ''] = ADDRESS.exec(address) ?? [];
  const url = name === '' ? null : URL.parse(`https://${registry}/v2/${name}/blobs/sha256:${sha256}`);
  if (url === null)
    throw new SourceMissed(
      'is no address of a registry: write oci://registry/name or oci://registry/name:tag',
    );
  // a registry on this machine has no certificate, and needs none
  if (isLoopback(url)) url.protocol = 'http:';
  return { url, origin: url.origin, name };
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/** Of a token's answer, in bytes. */
const LARGEST_ANSWER = 64 * 1024;

async function tokenFor(
  challenge: string,
  name: string,
  origin: string,
  signal: AbortSignal,
): Promise<string> {
  const url = realmOf(challenge, name);
  if (url === null || (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url))))
    throw new SourceMissed(`answers 401 Unauthorized, and names no place that gives tokens to everybody`);
  const said = await textAt(url, signal).catch((error: unknown) => {
    if (!(error instanceof Unauthorized)) throw error;
    throw new SourceMissed(`${name} at ${origin} is not open to everybody: it wants to know who asks`);
  });
  const answer = parsed(said);
  const token = isObject(answer) ? (answer.token ?? answer.access_token) : undefined;
  // what stands in a header must be a token of RFC 6750
  if (typeof token === 'string' && /^[A-Za-z0-9._~+/-]+=*$/.test(token)) return token;
  throw new SourceMissed(`${url.origin} gave no token`);
}

/** `Bearer realm="https://auth.example.org/token",service="registry.example.org",scope="…"`; null: of another kind. */
function realmOf(challenge: string, name: string): URL | null {
  if (!/^bearer\s/i.test(challenge)) return null;
  const said = new Map(
    [...challenge.matchAll(/([a-z]+)="([^"]*)"/gi)].map(([, key = '', value = '']) => [
      key.toLowerCase(),
      value,
    ]),
  );
  const url = URL.parse(said.get('realm') ?? '');
  if (url === null) return null;
  const service = said.get('service');
  if (service !== undefined) url.searchParams.set('service', service);
  // what we want, whatever it says: to read this and nothing else
  url.searchParams.set('scope', `repository:${name}:pull`);
  return url;
}

async function textAt(url: URL, signal: AbortSignal): Promise<string> {
  const body = await openUrl(url, { from: 0, validator: null, to: null }, signal);
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const part of body.chunks) {
      size += part.length;
      if (size > LARGEST_ANSWER) throw new SourceMissed(`${url.origin} answers too much`);
      parts.push(part);
    }
  } finally {
    body.close();
  }
  return Buffer.concat(parts).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
