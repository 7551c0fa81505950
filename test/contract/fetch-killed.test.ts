/** A fetch whose process is killed, again and again: what was found right is not fetched twice. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';
import { expect, it, onTestFinished } from 'vitest';
import { describeFile } from '../../reconciler/boxes/chunks/describe.ts';
import type { BoxSpec } from '../../reconciler/desired/spec.ts';
import { type CappedLink, openLink } from '../lab/capped-link.ts';
import type { BoxesRun } from '../lab/fetch-box-run.ts';
import { startPeerHost } from '../lab/peer-host.ts';
import { startChunkServer } from '../unit/boxes/download/chunk-server.ts';

const MIB = 1024 * 1024;
const SIZE = 96 * MIB;
const RATE = 16 * MIB;
const FETCH = new URL('./fixtures/fetch-box.ts', import.meta.url).pathname;

async function someBox(): Promise<{
  folder: string;
  file: string;
  box: BoxSpec;
  content: Buffer;
  list: Buffer;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'boxreeve-killed-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const content = randomBytes(SIZE);
  const origin = join(folder, 'origin.box');
  writeFileSync(origin, content);
  const { sha256, size, list } = await describeFile(origin);
  writeFileSync(`${origin}.chunks`, list);
  const chunks = createHash('sha256').update(list).digest('hex');
  mkdirSync(join(folder, 'boxes'));
  const file = join(folder, 'boxes', `${sha256}.box`);
  return {
    ...{ folder, file, content, list },
    box: { name: 'org/node', version: '1.0.0', provider: 'lxc', sha256, size, chunks, sources: [] },
  };
}

/** Starts the fetch ten times, and kills it each time when a tenth more has come. Returns what the last one said. */
async function killAtEveryTenth(run: BoxesRun, link: CappedLink): Promise<string> {
  for (let tenth = 1; tenth < 10; tenth++) {
    const fetching = execa(process.execPath, [FETCH, JSON.stringify(run)], { reject: false });
    const life = { isOver: false };
    fetching.finally(() => {
      life.isOver = true;
    });
    while (link.moved() < (tenth / 10) * SIZE && !life.isOver) await wait(2);
    fetching.kill('SIGKILL');
    expect(await fetching).toMatchObject({ signal: 'SIGKILL' });
  }
  return (await execa(process.execPath, [FETCH, JSON.stringify(run)])).stdout;
}

it('from a web server goes on each time, and moves less than 2 % of the box twice', async () => {
  const { folder, file, box, content, list } = await someBox();
  const server = await startChunkServer(content, list);
  onTestFinished(server.close);
  const link = await openLink(Number(new URL(server.url).port), RATE);
  onTestFinished(link.close);
  const source = `http://127.0.0.1:${link.port}/image.box`;
  const tally = join(folder, 'tally');
  const said = await killAtEveryTenth({ box: { ...box, sources: [source] }, file, peer: null, tally }, link);
  expect(readFileSync(file).equals(content)).toBe(true);
  expect(said).toContain('an earlier fetch: ');
  expect(bytesIn(tally) / SIZE).toBeLessThan(1.02);
});

it('from the sshd of another host goes on each time, and moves less than 2 % of the box twice', async () => {
  const { folder, file, box, content, list } = await someBox();
  const host = await startPeerHost();
  onTestFinished(host.stop);
  writeFileSync(join(host.boxesDir, `${box.sha256}.box`), content);
  writeFileSync(join(host.boxesDir, `${box.sha256}.chunks`), list);
  const link = await openLink(host.peer.port, RATE);
  onTestFinished(link.close);
  const tally = join(folder, 'tally');
  const peer = { host: { ...host.peer, port: link.port }, key: host.key };
  const said = await killAtEveryTenth({ box: { ...box, sources: ['peers:'] }, file, peer, tally }, link);
  expect(readFileSync(file).equals(content)).toBe(true);
  expect(said).toContain('an earlier fetch: ');
  expect(bytesIn(tally) / SIZE).toBeLessThan(1.02);
});

/** What came to the processes: a little more lay in the system's buffers when they were killed. */
function bytesIn(tally: string): number {
  return readFileSync(tally, 'utf8')
    .split('\n')
    .reduce((sum, line) => sum + Number(line), 0);
}
