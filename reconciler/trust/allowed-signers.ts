/**
 * Files in OpenSSH's allowed_signers format (ssh-keygen(1), ALLOWED SIGNERS), in the part of it that says the same to every
 * reader: no negated names, no patterns for namespaces, no certificates, all times in UTC. A name with `*` or `?` is a name as it
 * stands. A line with anything else is a mistake, and lets nobody sign.
 */
import { keyItself, publicKeyProblem } from '../desired/public-key.ts';
import { oneLine } from '../one-line.ts';

export type AllowedSigner = {
  readonly principals: readonly string[];
  /** What the key may sign; null: anything. */
  readonly namespaces: readonly string[] | null;
  /** Milliseconds since the epoch; null: no limit. A signature made at `validAfter` counts, one at `validBefore` does not. */
  readonly validAfter: number | null;
  readonly validBefore: number | null;
  /** `ssh-ed25519 AAAA…` */
  readonly key: string;
  /** Counted from 1. */
  readonly line: number;
};

export type AllowedSigners = {
  readonly signers: readonly AllowedSigner[];
  readonly mistakes: readonly { readonly line: number; readonly message: string }[];
  /** Times that OpenSSH reads in the time zone of whoever looks. */
  readonly warnings: readonly { readonly line: number; readonly message: string }[];
};

/** No list of people is longer. Bytes. */
const LARGEST = 1024 * 1024;

/** Never throws. */
export function parseAllowedSigners(content: Buffer): AllowedSigners {
  if (content.length > LARGEST)
    return {
      signers: [],
      mistakes: [{ line: 1, message: `this file is larger than ${LARGEST} bytes` }],
      warnings: [],
    };
  const signers: AllowedSigner[] = [];
  const mistakes: { line: number; message: string }[] = [];
  const warnings: { line: number; message: string }[] = [];
  for (const [index, text] of content.toString('utf8').split(/\r?\n/).entries()) {
    if (/^\s*(?:#|$)/.test(text)) continue;
    const line = index + 1;
    const read = parseLine(text);
    if ('mistake' in read) mistakes.push({ line, message: oneLine(read.mistake) });
    else {
      signers.push({ ...read, line });
      if (/valid-(?:after|before)="\d+"/i.test(text))
        warnings.push({
          line,
          message: 'a time without Z is read as UTC here, and as local time by OpenSSH: write the Z',
        });
    }
  }
  return { signers, mistakes, warnings };
}

/** Whether a signature for `namespace`, made at `at` (ms since the epoch), is one that this line allows. */
export function allows(signer: AllowedSigner, namespace: string, at: number): boolean {
  if (signer.namespaces !== null && !signer.namespaces.includes(namespace)) return false;
  if (signer.validAfter !== null && at < signer.validAfter) return false;
  return signer.validBefore === null || at < signer.validBefore;
}

type Line = Omit<AllowedSigner, 'line'> | { readonly mistake: string };

const FORM = 'this line is not of the form `who@example.org ssh-ed25519 AAAA…`';

/** `principals [options] type key [comment]` */
function parseLine(text: string): Line {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ufffd]/.test(text))
    return { mistake: 'this line has characters that are no text' };
  const words = splitWords(text);
  const [names = '', second = ''] = words;
  const optionText = isKeyType(second) ? '' : second;
  const key = words.slice(optionText === '' ? 1 : 2).join(' ');
  if (!isKeyType(key)) return { mistake: FORM };
  const principals = names.split(',');
  const odd = principals.find((name) => !/^[^\s"!,]+$/.test(name));
  if (odd !== undefined)
    return { mistake: `this line's "${odd}" is no plain name: negations and quotes are not taken here` };
  const problem = publicKeyProblem(key);
  if (problem !== undefined) return { mistake: `this line's key ${problem}` };
  const options = parseOptions(optionText);
  if ('mistake' in options) return options;
  return { principals, ...options, key: keyItself(key) };
}

/** At spaces that are not between quotes. */
function splitWords(text: string): readonly string[] {
  return text.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
}

function isKeyType(text: string): boolean {
  return /^(?:ssh-|ecdsa-|sk-)/.test(text);
}

type Options = Pick<AllowedSigner, 'namespaces' | 'validAfter' | 'validBefore'>;

function parseOptions(text: string): Options | { readonly mistake: string } {
  const found: {
    namespaces: readonly string[] | null;
    validAfter: number | null;
    validBefore: number | null;
  } = {
    namespaces: null,
    validAfter: null,
    validBefore: null,
  };
  const seen = new Set<string>();
  for (const option of splitOptions(text)) {
    const [, name = '', value] = /^([A-Za-z-]+)(?:="([^"]*)")?$/.exec(option) ?? [];
    const key = name.toLowerCase();
    if (seen.has(key)) return { mistake: `this line says ${key} twice` };
    seen.add(key);
    if (key === 'namespaces' && value !== undefined) {
      const namespaces = value.split(',');
      if (!namespaces.every((namespace) => /^[\w@.-]+$/.test(namespace)))
        return { mistake: `this line's namespaces "${value}" are not plain names, such as "git"` };
      found.namespaces = namespaces;
    } else if ((key === 'valid-after' || key === 'valid-before') && value !== undefined) {
      const at = parseTime(value);
      if (at === null)
        return {
          mistake: `this line's ${key} "${value}" is no time of the form 20260131Z or 20260131235959Z (UTC)`,
        };
      found[key === 'valid-after' ? 'validAfter' : 'validBefore'] = at;
    } else if (key === 'cert-authority') {
      return {
        mistake:
          'this line is for certificates (cert-authority), which are not taken here: list the key itself',
      };
    } else return { mistake: `this line has an option that is not known: ${option}` };
  }
  return found;
}

function splitOptions(text: string): readonly string[] {
  return text === '' ? [] : (text.match(/(?:[^",]|"[^"]*")+/g) ?? [text]);
}

/** `YYYYMMDD[HHMM[SS]][Z]`. Without the `Z` OpenSSH goes by the time zone of whoever looks: hosts must agree, so it is UTC here. */
function parseTime(text: string): number | null {
  const match = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?Z?$/.exec(text);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map((part) => Number(part ?? 0));
  const at = Date.UTC(year, month - 1, day, hour, minute, second);
  const back = new Date(at);
  const same =
    back.getUTCFullYear() === year && back.getUTCMonth() === month - 1 && back.getUTCDate() === day;
  return same && hour < 24 && minute < 60 && second < 60 ? at : null;
}
