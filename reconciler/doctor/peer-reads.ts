/** Comes in as another host would, and reads a box. */
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Peer } from '../boxes/peers/peer.ts';
import { connectPeer } from '../boxes/peers/peer-connection.ts';
import { keyType } from '../boxes/sources/known-hosts.ts';
import { OtherHostKey, type SftpConnection } from '../boxes/sources/sftp-connection.ts';
import { SourceMissed } from '../boxes/sources/source.ts';
import { bad, type Check, type Finding, good, type Subject, unknown } from './finding.ts';

const NAME = 'peer-reads';
/** Bytes that are compared. */
const SAMPLE = 4096;

export const peerReads: Check = {
  name: NAME,
  look: async (subject) => {
    const { config, own } = subject;
    if (own.state !== 'peer') return [];
    // without it nothing can be tried, and nobody else is kept from anything
    const unreadable = await readFile(config.signingKey).then(
      () => null,
      (error: Error) => error,
    );
    if (unreadable !== null)
      return [
        unknown(NAME, `the host's own key cannot be read: ${unreadable.message}`, 'sudo boxreeve doctor'),
      ];
    try {
      const there = await connectPeer(own.peer, config.signingKey);
      try {
        return [await readsBox(there, own.peer, subject)];
      } finally {
        there.end();
      }
    } catch (error) {
      return [notIn(error, `${config.path}/hosts/${config.name}.yaml`)];
    }
  },
};

function notIn(error: unknown, file: string): Finding {
  const means = 'no other host can fetch boxes from this one';
  if (error instanceof OtherHostKey) {
    const says = 'sshd shows another host key than the one in Git';
    return bad(
      NAME,
      says,
      means,
      `if this is the right sshd, put into ${file}: hostKey: ${keyType(error.shown)} ${error.shown.toString('base64')}`,
    );
  }
  const says = `this host cannot read from itself as others do: ${error instanceof Error ? error.message : error}`;
  return bad(NAME, says, means, 'boxreeve init --sshd');
}

async function readsBox(there: SftpConnection, peer: Peer, { dirs }: Subject): Promise<Finding> {
  const names = await readdir(dirs.boxes).catch(() => []);
  const name = names.find((each) => /^[0-9a-f]{64}\.box$/.test(each));
  if (name === undefined) return seesFolder(there, peer);
  const path = `${peer.folder}/${name}`;
  const [ours, theirs] = [await beginningOf(join(dirs.boxes, name)), await readsBeginning(there, path)];
  if (theirs?.equals(ours))
    return good(NAME, `${peer.user} reads ${path}, over SSH, with the host key of Git`);
  const says = `${path} is not what ${join(dirs.boxes, name)} is`;
  const means = `${peer.user} sees another folder than that of the boxes`;
  return bad(NAME, says, means, 'see to `peer.folder` and to what is mounted there: boxreeve init --sshd');
}

async function seesFolder(there: SftpConnection, { user, folder }: Peer): Promise<Finding> {
  // a folder is there, and is not a file
  const missing = await there.size(folder).then(
    () => true,
    (error: unknown) => !(error instanceof SourceMissed),
  );
  if (!missing) return good(NAME, `${user} comes in, and sees ${folder}; there is no box yet to read`);
  const means = 'no other host can fetch boxes from this one';
  return bad(NAME, `${user} comes in, and sees no folder ${folder}`, means, 'boxreeve init --sshd');
}

async function beginningOf(file: string): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(SAMPLE), 0, SAMPLE, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function readsBeginning(there: SftpConnection, path: string): Promise<Buffer | null> {
  const file = await there.open(path);
  if (file === null) return null;
  try {
    return Buffer.from(await file.read(0, SAMPLE));
  } finally {
    file.close();
  }
}
