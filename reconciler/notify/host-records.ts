/**
 * The records of all hosts, as far as they are to be told. Believed is what a key signed that the desired state gives that host now; what
 * is not believed is not told.
 */
import { createHash } from 'node:crypto';
import { type NewestRecord, newestRecords } from '../audit/newest-records.ts';
import { parseRecord } from '../audit/parse-record.ts';
import { auditBranch } from '../audit/paths.ts';
import { recentRecords } from '../audit/recent-records.ts';
import type { Mirror } from '../git/mirror.ts';
import { remoteUrl } from '../git/repository.ts';
import { signerOf } from '../rollout/believe.ts';
import type { FleetFacts } from '../rollout/progress.ts';
import type { RecordPlace } from './cursor.ts';
import { Kept } from './kept.ts';
import type { FailedThere } from './standing.ts';
import type { SignedRecord } from './tell.ts';

export type RecordsParts = {
  /** The mirror's repository, whose remotes are the fleet's. */
  readonly gitDir: string;
  /** Bare repository for the records of others, for this alone. */
  readonly records: string;
  readonly mirror: Pick<Mirror, 'auditTips' | 'auditRemote'>;
};

/** Whose records, by which keys, and on which branches (with `{host}`). */
export type Fleet = { readonly facts: Pick<FleetFacts, 'members' | 'keys'>; readonly pattern: string };

/** A branch may have moved on since it was listed, by so many records. */
const SPARE = 5;
/** Records that are looked through for what failed. */
const MOST_LOOKED_THROUGH = 30;

export class HostRecords {
  private readonly parts: RecordsParts;
  /** By host: the newest one as it was read, and where its branch was then. `place`: null where it is not believed. */
  private readonly newest = new Map<string, { readonly tip: string; readonly place: RecordPlace | null }>();
  private readonly read = new Kept<SignedRecord>(64);
  private readonly outputs = new Kept<string>(64);
  /** One reading at a time: they share a shallow repository. */
  private busy: Promise<unknown> = Promise.resolve();

  constructor(parts: RecordsParts) {
    this.parts = parts;
  }

  /** The newest of each host that is believed; what did not move is not read again. Throws RemoteUnreachable. */
  async newestOf({ facts, pattern }: Fleet, signal: AbortSignal): Promise<ReadonlyMap<string, RecordPlace>> {
    const tips = this.parts.mirror.auditTips(pattern);
    const there = facts.members.flatMap(({ name }) => {
      const tip = Object.hasOwn(tips, name) ? tips[name] : undefined;
      return tip === undefined ? [] : [{ name, tip }];
    });
    const moved = there.filter(({ name, tip }) => this.newest.get(name)?.tip !== tip);
    const branches = new Map(moved.map(({ name }) => [name, auditBranch(pattern, name)]));
    await this.inTurn(async (remote) => {
      for await (const found of newestRecords(this.parts.records, remote, branches, signal)) {
        const record = await this.believed(facts, found);
        this.newest.set(found.host, { tip: tips[found.host] ?? found.commit, place: record?.place ?? null });
      }
    });
    return new Map(
      there.flatMap(({ name }) => {
        const place = this.newest.get(name)?.place ?? null;
        return place === null ? [] : [[name, place] as const];
      }),
    );
  }

  /** Those of a host after a number, oldest first, at most so many. Throws RemoteUnreachable. */
  async after(
    fleet: Fleet,
    host: string,
    after: number,
    most: number,
    signal: AbortSignal,
  ): Promise<readonly SignedRecord[]> {
    const place = this.newest.get(host)?.place ?? null;
    if (place === null) return [];
    const only = place.sequence === after + 1 ? this.read.get(keyOf(host, place)) : undefined;
    if (only !== undefined) return [only];
    const depth = place.sequence - after + SPARE;
    // past whole pages that are not believed: otherwise what comes after them would never be told
    for (let skip = 0; skip < depth; skip += most + SPARE) {
      const page = await this.page(fleet, host, { depth, skip, most: most + SPARE }, signal);
      const wanted = page.filter(
        ({ record }) => record.sequence > after && record.sequence <= place.sequence,
      );
      if (wanted.length > 0) return wanted.slice(0, most);
    }
    return [];
  }

  /** The end of what failed printed, by the newest record in which it failed; null: none of the last ones has it. */
  async outputOf(
    fleet: Fleet,
    { host, guest, since }: FailedThere,
    signal: AbortSignal,
  ): Promise<string | null> {
    const key = JSON.stringify([host, guest, since]);
    const known = this.outputs.get(key);
    if (known !== undefined) return known;
    const asked = { depth: MOST_LOOKED_THROUGH, skip: 0, most: MOST_LOOKED_THROUGH };
    const actions = (await this.page(fleet, host, asked, signal)).flatMap(({ record }) => record.actions);
    const failed = actions.findLast((action) => action.guest === guest && action.result === 'failed');
    if (failed === undefined || failed.output === '') return null;
    this.outputs.put(key, failed.output);
    return failed.output;
  }

  private async page(
    { facts, pattern }: Fleet,
    host: string,
    where: { readonly depth: number; readonly skip: number; readonly most: number },
    signal: AbortSignal,
  ): Promise<readonly SignedRecord[]> {
    const asked = { host, branch: auditBranch(pattern, host), ...where };
    const found = await this.inTurn((remote) => recentRecords(this.parts.records, remote, asked, signal));
    const believed: SignedRecord[] = [];
    for (const each of found) {
      const record = await this.believed(facts, each);
      if (record !== null) believed.push(record);
    }
    return believed;
  }

  private async believed(
    { keys }: Fleet['facts'],
    { host, signature, bytes }: NewestRecord,
  ): Promise<SignedRecord | null> {
    const signer = signerOf(signature);
    if (!signer.ok || bytes === null || !(keys.get(host) ?? []).includes(signer.key)) return null;
    const parsed = await parseRecord(bytes);
    if (!parsed.ok || parsed.record.host !== host) return null;
    const place = { sequence: parsed.record.sequence, key: digestOf(signer.key) };
    const signed = { record: parsed.record, place };
    this.read.put(keyOf(host, place), signed);
    return signed;
  }

  private inTurn<T>(work: (remote: string) => Promise<T>): Promise<T> {
    const { gitDir, mirror } = this.parts;
    const turn = this.busy.then(async () => work(await remoteUrl(gitDir, mirror.auditRemote())));
    this.busy = turn.catch(() => undefined);
    return turn;
  }
}

function keyOf(host: string, { sequence, key }: RecordPlace): string {
  return `${host} ${sequence} ${key}`;
}

/** Enough to tell the keys of one host from each other. */
function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 12);
}
