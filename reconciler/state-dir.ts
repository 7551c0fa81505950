/** Where things lie in a host's `stateDir`. All in it is private to its user; box files alone may be read by others, where their folder may. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';

export type StateDir = ReturnType<typeof stateDirLayout>;

/** @param boxes folder of box files, if it lies elsewhere */
export function stateDirLayout(root: string, boxes = join(root, 'boxes')) {
  return {
    root,
    /** Bare mirror of the infra repo; also holds this host's audit chain. */
    mirror: join(root, 'mirror.git'),
    memory: join(root, 'memory.json'),
    lock: join(root, 'lock'),
    controlSocket: controlSocket(root),
    /** Touch it to wake the daemon. */
    trigger: join(root, 'trigger'),
    /** What `status` shows when no daemon answers. */
    status: join(root, 'status.json'),
    /** What a running daemon answers, ready to be printed by the launcher. */
    answers: { text: join(root, 'status.txt'), json: join(root, 'status.answer.json') },
    /** Attempts under way: the journal, and what a crash left of it. */
    outbox: join(root, 'outbox'),
    /** What `audit verify` found good. */
    auditCheckpoint: join(root, 'audit-checkpoint.json'),
    /** One Vagrant project folder a guest, named like the guest. */
    guests: join(root, 'guests'),
    guest: (name: string) => join(root, 'guests', name),
    /** Copies of Vagrant's own records (machine folders, machine index) from when they were last right. */
    snapshots: join(root, 'snapshots'),
    /** Fetched `.box` files, named `<sha256>.box`; `.partial` while under way; Vagrant catalog files `<name>.json`. */
    boxes,
    boxFile: (sha256: string) => join(boxes, `${sha256}.box`),
    /** Keys of the hosts that may read them, for this host's sshd to ask for. */
    peerKeys: join(root, 'peers', 'authorized_keys'),
    /** Bare repository of the newest records of others, for whom to ask for boxes. */
    peerRecords: join(root, 'peers', 'records.git'),
    /** Bare repositories of the newest records of others, for roll-outs: one for each process that reads them, named by its id. */
    words: join(root, 'words'),
    /** Bare repository of the records of others, for the host that notifies. */
    notifierRecords: join(root, 'notifier', 'records.git'),
    /** The same as `words`, for it alone. */
    notifierWords: join(root, 'notifier', 'words'),
    /** What `box build` works in: a folder a recipe, and a home for Vagrant. */
    builds: join(root, 'builds'),
    /** Room kept so that a record can be written on a full disk. */
    reserve: join(root, 'reserve'),
  };
}

/** Longest path a Unix socket can have on macOS (104 bytes with its end mark); Linux allows 108. */
const LONGEST_SOCKET_PATH = 103;

/** In the state folder; where that path is too long for a socket, in a private folder under /tmp named after it. */
function controlSocket(root: string): string {
  const plain = join(root, 'control.sock');
  if (Buffer.byteLength(plain) <= LONGEST_SOCKET_PATH) return plain;
  const digest = createHash('sha256').update(root).digest('hex').slice(0, 16);
  return join('/tmp', `boxreeve-${process.getuid?.() ?? 0}-${digest}`, 'control.sock');
}
