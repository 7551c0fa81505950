/**
 * Whether the newest record of a host is to be believed. Pure.
 *
 * 1. Its commit is signed by a key that the desired state gives this host now.
 * 2. It is a record of this host.
 * 3. Its number is not below that of one that was believed before: a branch that goes back is shown by somebody who has an interest in
 *    what was. This is forgotten with the key that signed what was believed: a host that begins anew has another.
 * 4. It says how far the host is.
 */
import type { AuditRecord } from '../audit/record.ts';
import type { Signature } from '../trust/signed-commits.ts';
import type { HostWord } from './progress.ts';

/** What was read of a host's newest record, before anyone asked by which keys. */
export type Reading = {
  readonly commit: string;
  /** `why` goes on after `a record that`. */
  readonly signer: { readonly ok: true; readonly key: string } | { readonly ok: false; readonly why: string };
  /** `why` goes on after the host's name. */
  readonly record:
    | { readonly ok: true; readonly host: string; readonly sequence: number; readonly word: HostWord }
    | { readonly ok: false; readonly why: string };
};

/** The newest record that was believed. */
export type Believed = { readonly key: string; readonly sequence: number; readonly commit: string };

export type Judged = {
  readonly word: HostWord;
  readonly believed: Believed | null;
};

/** @param keys as `FleetFacts.keys` has them @param before what this led to the last time */
export function believe(
  host: string,
  { commit, signer, record }: Reading,
  keys: readonly string[],
  before: Believed | null,
): Judged {
  const silent = (why: string): Judged => ({ word: { state: 'silent', why }, believed: before });
  const named = `has a newest record (${commit.slice(0, 12)}) that`;
  if (!signer.ok) return silent(`${named} ${signer.why}`);
  const { key } = signer;
  if (!keys.includes(key)) return silent(`${named} is signed by a key that its file does not name`);
  if (!record.ok) return silent(record.why);
  if (record.host !== host) return silent(`${named} is one of ${record.host}`);
  const { sequence, word } = record;
  if (before !== null && keys.includes(before.key)) {
    const last = `number ${before.sequence} (${before.commit.slice(0, 12)}) was seen before`;
    if (sequence < before.sequence)
      return silent(`${named} is number ${sequence}, and ${last}: its branch went back`);
    if (sequence === before.sequence && commit !== before.commit)
      return silent(
        `${named} is another number ${sequence} than the one seen before (${before.commit.slice(0, 12)})`,
      );
  }
  return { word, believed: { key, sequence, commit } };
}

/** Which key signed a commit, and nothing else of the signature. */
export function signerOf(signature: Signature): Reading['signer'] {
  switch (signature.kind) {
    case 'ssh':
      return { ok: true, key: signature.key };
    case 'none':
      return { ok: false, why: 'is not signed' };
    case 'bad':
      return { ok: false, why: signature.why };
    case 'openpgp':
      return { ok: false, why: 'has an OpenPGP signature, where a host signs by its SSH key' };
  }
}

type Told = Pick<AuditRecord, 'time' | 'progress' | 'halts' | 'gates'>;

/** What a record says. Guests have the same few fingerprints on all hosts, so each is held once. */
export function wordIn(
  { time, progress, halts = [], gates }: Told,
  once: (text: string) => string,
): HostWord {
  if (progress === undefined)
    return {
      state: 'silent',
      why: 'does not say in its newest record how far it is (is its Boxreeve older?)',
    };
  const entries = Object.entries(progress);
  const times = [
    time,
    ...entries.map(([, { since }]) => since),
    ...halts.flatMap(({ failures }) => failures.map(({ since }) => since)),
  ];
  // the schema asks for the form alone, and of a failure on the 99th no approver could say which he means
  const none = times.find((each) => Number.isNaN(Date.parse(each)));
  if (none !== undefined)
    return { state: 'silent', why: `has a time in its newest record that there never was: ${none}` };
  const shared = entries.map(
    ([guest, of]) => [once(guest), { ...of, fingerprint: once(of.fingerprint) }] as const,
  );
  const heldBy = gates.flatMap(({ kind, detail }) => (kind === 'wave' ? [] : [once(detail)]));
  const word = { at: Date.parse(time), progress: Object.fromEntries(shared), halts };
  return { state: 'told', ...word, ...(heldBy.length === 0 ? {} : { heldBy }) };
}
