/** `sftp-1` and `https-1`: one file from one source, over a link as fast as hosts have. */
import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { type NetHost, openNetHosts, scpArguments } from '../../lab/net-hosts.ts';
import { waitFor } from '../../lab/wait-for.ts';
import { median, type Result } from '../measure.ts';
import { catalogued, type HeldBox, hold, sftpAddress } from './box-files.ts';
import { readyFetch } from './fetching.ts';

const MIB = 1024 * 1024;
const SIZE = 128 * MIB;
/** Bytes a second: 1 Gbit/s. Both ends are on this machine, and share its cores. */
const RATE = 125_000_000;
const RUNS = 3;
const BUDGET = 2;
const SERVER = fileURLToPath(new URL('./file-server.ts', import.meta.url));

export async function singleStreams(): Promise<readonly Result[]> {
  const net = await openNetHosts({ names: ['seed', 'host'], rate: RATE });
  try {
    const [seed, host] = [net.host('seed'), net.host('host')];
    const file = join(net.folder, 'stream.box');
    writeFileSync(file, randomBytes(SIZE));
    const box = await hold(seed, file);
    const target = join(host.folder, 'copy');
    const scp = scpArguments(host, seed, `${box.sha256}.box`, target);
    const overSftp = await compare(host, seed, box, sftpAddress(seed, box), {}, ['scp', ...scp]);
    const web = await startWeb(seed, host, net.folder);
    try {
      const address = `${web.url}/${box.sha256}.box`;
      const curl = ['curl', '-sS', '--fail', '--cacert', web.certificate, '-o', target, address];
      const env = { NODE_EXTRA_CA_CERTS: web.certificate };
      const overHttps = await compare(host, seed, box, address, env, curl);
      return [
        { name: 'sftp-1', what: `${SIZE / MIB} MiB of one source over SFTP and 1 Gbit/s; scp`, ...overSftp },
        {
          name: 'https-1',
          what: `${SIZE / MIB} MiB of one source over HTTPS and 1 Gbit/s; curl`,
          ...overHttps,
        },
      ];
    } finally {
      await web.stop();
    }
  } finally {
    await net.dispose();
  }
}

/** Ours and theirs in turn; medians of their seconds. */
async function compare(
  host: NetHost,
  seed: NetHost,
  box: HeldBox,
  source: string,
  env: Readonly<Record<string, string>>,
  [program = '', ...args]: readonly string[],
): Promise<Omit<Result, 'name' | 'what'>> {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const fetch = await readyFetch(
      host,
      catalogued(box, source, 'whole'),
      { hosts: [host], holder: seed },
      env,
    );
    ours.push((await fetch.go()).milliseconds / 1000);
    rmSync(join(host.sftp.folder, `${box.sha256}.box`));
    const start = performance.now();
    const ran = await host.run(program, args);
    if (ran.exitCode !== 0) throw new Error(`${program} on ${host.name}: ${ran.stderr}`);
    theirs.push((performance.now() - start) / 1000);
  }
  const ratio = median(ours) / median(theirs);
  return {
    ratio,
    ours: median(ours),
    theirs: median(theirs),
    unit: 's',
    budget: `≤ ${BUDGET.toFixed(2)}`,
    withinBudget: ratio <= BUDGET,
  };
}

/** A web server on `seed`, whose certificate names its address; stands once `host` gets an answer. */
async function startWeb(seed: NetHost, host: NetHost, folder: string) {
  const key = join(folder, 'web-key.pem');
  const certificate = join(folder, 'web-certificate.pem');
  const subject = ['-subj', '/CN=seed', '-addext', `subjectAltName=IP:${seed.address}`];
  const make = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
  ];
  await execa('openssl', [...make, ...subject, '-keyout', key, '-out', certificate]);
  const [program = '', ...words] = [
    ...seed.enter,
    process.execPath,
    SERVER,
    seed.sftp.folder,
    key,
    certificate,
  ];
  const server = execa(program, words, { reject: false, stdin: 'ignore' });
  const url = `https://${seed.address}:8443`;
  await waitFor(
    'the web server',
    async () => (await host.run('curl', ['-sS', '--cacert', certificate, url])).exitCode === 0,
  );
  return {
    url,
    certificate,
    stop: async () => {
      server.kill('SIGTERM');
      await server;
    },
  };
}
