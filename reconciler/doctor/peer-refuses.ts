/** Comes in as another host would, and tries what must not be possible. Nothing that it manages to make is left behind. */
import { randomUUID } from 'node:crypto';
import type { Client, ClientChannel, SFTPWrapper } from 'ssh2';
import type { Peer } from '../boxes/peers/peer.ts';
import { serverOf } from '../boxes/peers/peer-connection.ts';
import { connectClient } from '../boxes/sources/sftp-connection.ts';
import { SECOND } from '../clock.ts';
import { bad, type Check, type Finding, good } from './finding.ts';

const NAME = 'peer-refuses';
/** For one attempt. */
const LIMIT = 10 * SECOND;

type Attempt = {
  readonly what: string;
  readonly means: string;
  /** Whether it was possible. */
  succeeds(client: Client, peer: Peer): Promise<boolean>;
};

const ATTEMPTS: readonly Attempt[] = [
  {
    what: 'write a file',
    means: 'a stolen host key fills this disk, or changes files here',
    succeeds: writes,
  },
  { what: 'run a command', means: 'a stolen host key runs what it likes here', succeeds: runs },
  {
    what: 'connect onwards from here',
    means: 'a stolen host key reaches whatever this host reaches',
    succeeds: (client, { port }) =>
      possible((done) => client.forwardOut('127.0.0.1', 0, '127.0.0.1', port, (error) => done(!error))),
  },
  {
    what: 'listen on a port here',
    means: 'a stolen host key answers in place of this host',
    succeeds: (client) => possible((done) => client.forwardIn('127.0.0.1', 0, (error) => done(!error))),
  },
];

export const peerRefuses: Check = {
  name: NAME,
  look: async ({ config, own }) => {
    if (own.state !== 'peer') return [];
    const client = await serverOf(own.peer, config.signingKey)
      .then((server) => connectClient(server))
      .catch(() => null);
    // why nobody gets in is told by the check before
    if (client === null) return [];
    const findings: Finding[] = [];
    try {
      for (const { what, means, succeeds } of ATTEMPTS)
        if (await succeeds(client, own.peer))
          findings.push(bad(NAME, `${own.peer.user} can ${what}`, means, 'boxreeve init --sshd'));
    } finally {
      client.destroy();
    }
    if (findings.length > 0) return findings;
    return [good(NAME, `${own.peer.user} cannot ${ATTEMPTS.map(({ what }) => what).join(', nor ')}`)];
  },
};

async function writes(client: Client, { folder }: Peer): Promise<boolean> {
  const path = `${folder}/.boxreeve-doctor-${randomUUID()}`;
  const sftp = await new Promise<SFTPWrapper | null>((resolve) =>
    client.sftp((error, opened) => resolve(error ? null : opened)),
  );
  if (sftp === null) return false;
  const made = await possible((done) => sftp.open(path, 'wx', (error) => done(!error)));
  if (made) await possible((done) => sftp.unlink(path, (error) => done(!error)));
  sftp.end();
  return made;
}

/** Whether a shell worked out what it was told to: that something answers is not enough, as SFTP does. */
async function runs(client: Client): Promise<boolean> {
  return possible((done) =>
    client.exec('echo boxreeve-$((6*7))', (error, channel: ClientChannel) => {
      if (error) {
        done(false);
        return;
      }
      let said = '';
      channel.setEncoding('latin1').on('data', (text: string) => {
        said = (said + text).slice(0, 1000);
      });
      channel.once('close', () => done(said.includes('boxreeve-42')));
      channel.end();
    }),
  );
}

/** What has no answer in time was not possible. */
function possible(attempt: (done: (succeeded: boolean) => void) => void): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), LIMIT);
    attempt((succeeded) => {
      clearTimeout(timer);
      resolve(succeeded);
    });
  });
}
