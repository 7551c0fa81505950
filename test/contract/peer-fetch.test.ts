/** Boxes fetched from other hosts, as a host does it: by chunks, over their sshd. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openPeerScene } from '../attacks/scene/peer.ts';
import { range } from '../unit/boxes/download/lab.ts';

const ADDRESS = 'peers: builder1';

it('a box comes from another host alone, its chunk list as well', async () => {
  const { lab, theirs, put, peers } = await openPeerScene(randomBytes(3_000_001));
  put(lab.partOf('theirs', []));
  writeFileSync(join(theirs, `${lab.sha256}.box`), lab.content);
  const { stats } = await lab.fetch(lab.box('peers:'), peers());
  expect(readFileSync(lab.file).equals(lab.content)).toBe(true);
  expect(stats.bySource).toEqual({ [ADDRESS]: lab.content.length });
});

it('a host that is still fetching gives what it has, and the next source the rest', async () => {
  const { lab, put, peers } = await openPeerScene(randomBytes(3_000_000));
  put(lab.partOf('theirs', range(0, 100)));
  const origin = await lab.server();
  origin.manners.rate = 4 * 1024 * 1024;
  const { stats } = await lab.fetch(lab.box('peers:', origin.url), peers());
  expect(readFileSync(lab.file).equals(lab.content)).toBe(true);
  expect(stats.bySource[ADDRESS]).toBeGreaterThan(0);
});

it('a host that claims chunks it has not is not believed', async () => {
  const { lab, theirs, put, peers } = await openPeerScene(randomBytes(3_000_000));
  put(lab.partOf('theirs', []));
  writeFileSync(join(theirs, `${lab.sha256}.box.have`), Buffer.alloc(Math.ceil(lab.list.count / 8), 255));
  const origin = await lab.server();
  const { stats } = await lab.fetch(lab.box('peers:', origin.url), peers());
  expect(readFileSync(lab.file).equals(lab.content)).toBe(true);
  expect(stats.bySource[ADDRESS] ?? 0).toBe(0);
});

it('a pipe in place of the box does not hold up the fetch', async () => {
  const { lab, theirs, peers } = await openPeerScene(randomBytes(300_000));
  execFileSync('mkfifo', [join(theirs, `${lab.sha256}.box`)]);
  const origin = await lab.server();
  await lab.fetch(lab.box('peers:', origin.url), peers());
  expect(readFileSync(lab.file).equals(lab.content)).toBe(true);
});
