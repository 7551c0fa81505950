/** An account of any length, as hosts would have written it: signed commits, a record each, on a branch a host. */
import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { join } from 'node:path';
import { execa } from 'execa';
import { commitMessage } from '../../reconciler/audit/message.ts';
import { recordBytes, recordDigest } from '../../reconciler/audit/parse-record.ts';
import { recordPath } from '../../reconciler/audit/paths.ts';
import type { AuditRecord } from '../../reconciler/audit/record.ts';
import { wireField } from '../../reconciler/trust/ssh-wire.ts';
import { type Base, PackWriter } from './pack-writer.ts';

const START = Date.UTC(2022, 0, 1);
/** Between two records of a host. Milliseconds. */
const STEP = 3 * 3_600_000;
/** A blob, a commit, and trees for the root, `audit`, the host, the year and the month. */
const OBJECTS_PER_RECORD = 7;
/** Git's own limit to differences from differences. */
const DEEPEST = 50;

export type AccountHost = {
  readonly name: string;
  /** `ssh-ed25519 AAAA…` */
  readonly publicKey: string;
  tip(): string;
};

/** Hosts that go on writing where they left off. */
export class SignedAccount {
  readonly #gitDir: string;
  readonly #desired: string;
  readonly #writers: readonly HostWriter[];
  #written = 0;

  /** @param desired a commit that the records went by */
  constructor(gitDir: string, desired: string, hosts: number) {
    this.#gitDir = gitDir;
    this.#desired = desired;
    this.#writers = Array.from({ length: hosts }, (_, index) => new HostWriter(`builder${index + 1}`));
  }

  get hosts(): readonly AccountHost[] {
    return this.#writers;
  }

  /** So many records more, by one host after the other, each having seen what the others wrote before. */
  async write(records: number): Promise<void> {
    const file = join(this.#gitDir, 'objects', 'pack', `pack-${randomUUID()}.pack`);
    for (const host of this.#writers) host.beginPack();
    const pack = new PackWriter(file, records * OBJECTS_PER_RECORD);
    for (let count = 0; count < records; count += 1) {
      const turn = this.#written % this.#writers.length;
      const round = Math.floor(this.#written / this.#writers.length);
      const at = START + round * STEP + turn * 60_000;
      const witness = Object.fromEntries(
        this.#writers.flatMap((other, index) =>
          index === turn || other.tip() === '' ? [] : [[other.name, other.tip()]],
        ),
      );
      this.#writers[turn]?.write(pack, at, this.#desired, witness);
      this.#written += 1;
    }
    await pack.close(this.#gitDir);
    for (const { name, tip } of this.#tips())
      await execa('git', [`--git-dir=${this.#gitDir}`, 'update-ref', `refs/boxreeve/seen/${name}`, tip]);
  }

  #tips(): readonly { name: string; tip: string }[] {
    return this.#writers
      .map((host) => ({ name: host.name, tip: host.tip() }))
      .filter(({ tip }) => tip !== '');
  }
}

class HostWriter implements AccountHost {
  readonly name: string;
  readonly publicKey: string;
  readonly #key: KeyObject;
  readonly #blob: Buffer;
  #tip = '';
  #sequence = 0;
  #digest: string | null = null;
  /** Months of each year, years: what the folders hold, but for the month under way. */
  readonly #years = new Map<string, Map<string, string>>();
  #month: { name: string; content: Buffer; base: Base | null; depth: number } = {
    name: '',
    content: Buffer.alloc(0),
    base: null,
    depth: 0,
  };

  constructor(name: string) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const { x = '' } = publicKey.export({ format: 'jwk' });
    this.name = name;
    this.#key = privateKey;
    this.#blob = Buffer.concat([wireField('ssh-ed25519'), wireField(Buffer.from(x, 'base64url'))]);
    this.publicKey = `ssh-ed25519 ${this.#blob.toString('base64')}`;
  }

  tip(): string {
    return this.#tip;
  }

  /** A pack holds no difference from what is in another. */
  beginPack(): void {
    this.#month = { ...this.#month, base: null, depth: 0 };
  }

  write(pack: PackWriter, at: number, desired: string, witness: Readonly<Record<string, string>>): void {
    this.#sequence += 1;
    const record = aRecord(this.name, this.#sequence, this.#digest, at, desired, witness);
    const bytes = recordBytes(record);
    this.#digest = recordDigest(bytes);
    const tree = this.#trees(
      pack,
      recordPath(this.name, record.time, record.id),
      pack.write('blob', bytes).id,
    );
    const who = `${this.name} <${this.name}@boxreeve.invalid> ${Math.floor(at / 1000)} +0000`;
    const parent = this.#tip === '' ? '' : `parent ${this.#tip}\n`;
    const header = `tree ${tree}\n${parent}author ${who}\ncommitter ${who}\n`;
    const message = `\n${commitMessage(record)}`;
    const signature = this.#signature(Buffer.from(header + message)).replaceAll('\n', '\n ');
    this.#tip = pack.write('commit', Buffer.from(`${header}gpgsig ${signature}\n${message}`)).id;
  }

  /** The root with one more file; `path` is `audit/<host>/<yyyy>/<mm>/<file>`. */
  #trees(pack: PackWriter, path: string, blob: string): string {
    const [, , year = '', month = '', file = ''] = path.split('/');
    const months = this.#years.get(year) ?? new Map<string, string>();
    this.#years.set(year, months);
    const name = `${year}/${month}`;
    if (this.#month.name !== name || this.#month.depth >= DEEPEST)
      this.#month = {
        name,
        content: this.#month.name === name ? this.#month.content : Buffer.alloc(0),
        base: null,
        depth: 0,
      };
    const content = Buffer.concat([this.#month.content, entry('100644', file, blob)]);
    const { base, depth } = this.#month;
    const written = base === null ? pack.write('tree', content) : pack.writeAppended(content, base);
    this.#month = { name, content, base: written.base, depth: depth + 1 };
    months.set(month, written.id);
    const folder = (entries: Iterable<readonly [string, string]>) =>
      pack.write('tree', Buffer.concat([...entries].map(([at, id]) => entry('40000', at, id)))).id;
    const yearTree = folder(months);
    const years = [...this.#years.keys()].map(
      (key) => [key, key === year ? yearTree : this.#whole(key)] as const,
    );
    this.#done.set(year, yearTree);
    return folder([['audit', folder([[this.name, folder(years)]])]]);
  }

  readonly #done = new Map<string, string>();
  #whole(year: string): string {
    return this.#done.get(year) ?? '';
  }

  /** As `ssh-keygen -Y sign -n git` makes it. */
  #signature(payload: Buffer): string {
    const digest = createHash('sha512').update(payload).digest();
    const fields = [wireField('git'), wireField(''), wireField('sha512')];
    const signed = sign(
      null,
      Buffer.concat([Buffer.from('SSHSIG'), ...fields, wireField(digest)]),
      this.#key,
    );
    const value = wireField(Buffer.concat([wireField('ssh-ed25519'), wireField(signed)]));
    const body = Buffer.concat([
      Buffer.from('SSHSIG\0\0\0\x01', 'latin1'),
      wireField(this.#blob),
      ...fields,
      value,
    ]).toString('base64');
    const lines = body.match(/.{1,70}/g) ?? [];
    return ['-----BEGIN SSH SIGNATURE-----', ...lines, '-----END SSH SIGNATURE-----'].join('\n');
  }
}

function entry(mode: string, name: string, id: string): Buffer {
  return Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')]);
}

function aRecord(
  host: string,
  sequence: number,
  previous: string | null,
  at: number,
  desired: string,
  witness: Readonly<Record<string, string>>,
): AuditRecord {
  return {
    apiVersion: 'boxreeve/v1',
    host,
    sequence,
    previous,
    kind: 'check-in',
    outcome: 'in-sync',
    id: randomUUID(),
    time: new Date(at).toISOString(),
    trigger: 'poll',
    desired: {
      commit: desired,
      subject: 'Declare the fleet (#7)',
      author: 'Ada Approver <ada@example.org>',
      authoredAt: '2021-12-31T12:00:00.000Z',
      signedBy: null,
      pullRequest: 7,
    },
    actions: [],
    gates: [],
    probes: [{ guest: 'azure-agent', name: 'nix', ok: true, detail: 'nix (Nix) 2.4', durationMs: 812 }],
    fingerprints: {},
    versions: { boxreeve: '0.1.0', vagrant: '2.3.4', providers: { vmware_desktop: '1.2.3' } },
    notes: [],
    summary: 'in sync',
    witness,
  };
}
