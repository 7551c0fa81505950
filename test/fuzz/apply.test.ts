/** What Vagrant prints, and what the system says of processes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collectOutput } from '../../reconciler/apply/collect-output.ts';
import { machineReader } from '../../reconciler/apply/machine-readable.ts';
import { type ProcessRow, parsePsLine, parseStat } from '../../reconciler/apply/process-identity.ts';
import { treeOf } from '../../reconciler/apply/process-tree.ts';
import type { ProcessResult } from '../../reconciler/apply/run-process.ts';
import { parseSshConfig } from '../../reconciler/apply/ssh-config.ts';
import { classify } from '../../reconciler/apply/vagrant-problem.ts';
import { createRedactor } from '../../reconciler/secrets/redactor.ts';
import {
  DAMAGED_INDEX,
  EARLY,
  FAILED_PROVISIONER,
  NO_SUCH_PROVIDER,
  UNKNOWN_SETTING,
  WRONG_DIGEST,
} from '../unit/apply/recorded-vagrant.ts';
import { expectOneLine, holds } from './holds.ts';
import { damagedText } from './mutate.ts';

const RECORDED = [FAILED_PROVISIONER, WRONG_DIGEST, UNKNOWN_SETTING, NO_SUCH_PROVIDER, DAMAGED_INDEX];

const SSH_CONFIG = `Host default
  HostName 10.0.3.17
  User vagrant
  Port 22
  UserKnownHostsFile /dev/null
  StrictHostKeyChecking no
  PasswordAuthentication no
  IdentityFile "/var/lib/boxreeve/guests/azure agent/.vagrant/machines/default/lxc/private_key"
  IdentityFile /root/.vagrant.d/insecure_private_key
  IdentitiesOnly yes
  LogLevel FATAL
`;

const PS = [
  '  501     1   501 Ss   Tue Nov 24 12:00:01 2026',
  '  777   501   501 Z+   Mon Nov  2 02:03:04 2026    ',
];
const STAT = [
  '8151 (ruby2.7) S 8150 8150 8150 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 123456 1 1 1',
  '99 (a) Z 1 (b) Z 1 99 99 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 7 0 0',
];

describe('what vagrant --machine-readable prints', () => {
  it('is the same text, error and last words wherever the pipe cuts it, and no more than it was', async () => {
    const cases = fc.record({
      output: damagedText(RECORDED),
      cuts: fc.array(fc.noBias(fc.nat(0xffff)), { maxLength: 5 }),
    });
    await holds(cases, ({ output, cuts }) => {
      const whole = readIn([output]);
      expect(readIn(pieces(output, cuts))).toEqual(whole);
      expect(whole.text.length).toBeLessThanOrEqual(output.length + 1);
    });
  });

  it('is a problem in one short sentence, or none', async () => {
    const said = damagedText([...RECORDED, ...Object.values(EARLY)]);
    const cases = fc.record({ output: said, stderr: said, exitStatus: fc.constantFrom(0, 1, 255, null) });
    await holds(cases, ({ output, stderr, exitStatus }) => {
      const reader = machineReader();
      reader.push(output);
      reader.end();
      const result: ProcessResult = {
        ...ENDED,
        exitStatus,
        signal: exitStatus === null ? 'SIGKILL' : null,
        stderrTail: stderr,
      };
      const problem = classify(result, { error: reader.error(), lastDetail: reader.lastDetail() });
      expect(problem === null).toBe(exitStatus === 0);
      if (problem === null) return;
      expectOneLine(problem.why);
      expect(problem.why.length).toBeLessThan(600);
    });
  });

  it('is kept in the tail, of bounded size, with no secret in it', async () => {
    const secret = 'hush-hush-42';
    const cases = fc.record({
      output: damagedText([
        ...RECORDED,
        `the token is ${secret}\n`,
        `${Buffer.from(secret).toString('base64')}\n`,
      ]),
      cuts: fc.array(fc.noBias(fc.nat(0xffff)), { maxLength: 5 }),
    });
    await holds(cases, ({ output, cuts }) => {
      const seen: string[] = [];
      const collected = collectOutput(createRedactor([secret]), (line) => seen.push(line));
      for (const chunk of pieces(output, cuts)) collected.stdout(chunk);
      const { tail } = collected.end();
      expect(Buffer.byteLength(tail)).toBeLessThanOrEqual(8 * 1024);
      expect(tail).not.toContain(secret);
      for (const line of seen) {
        expect(line).not.toContain('\n');
        expect(line).not.toContain(secret);
      }
    });
  });
});

describe('what vagrant ssh-config prints', () => {
  it('is a target with a port that is one, or none', async () => {
    await holds(damagedText([SSH_CONFIG]), (output) => {
      const target = parseSshConfig(output);
      if (target === null) return;
      expect(Number.isInteger(target.port) && target.port > 0 && target.port < 65_536).toBe(true);
      for (const word of [target.host, target.user, ...target.identityFiles]) {
        expect(word).not.toBe('');
        expect(word).not.toContain('\n');
        expect(word).toBe(word.trim());
      }
      expect(target.hostKey).toBeNull();
    });
  });

  it('is read to its end, also where a line has no end', () => {
    const blanks = `  HostName a${' '.repeat(2_000_000)}b\n  User x\n`;
    expect(parseSshConfig(blanks)?.user).toBe('x');
    expect(
      parseSshConfig(`${SSH_CONFIG}${'  IdentityFile /k\n'.repeat(200_000)}`)?.identityFiles,
    ).toHaveLength(200_002);
  });
});

describe('a row of the process table', () => {
  const isRow = (row: ProcessRow | null) => {
    if (row === null) return;
    for (const number of [row.pid, row.parent, row.group, row.session ?? 0])
      expect(Number.isFinite(number)).toBe(true);
    expectOneLine(row.startedAt);
    expect(row.startedAt).not.toMatch(/undefined|NaN/);
  };

  it('of ps has numbers and a start, or is none', async () => {
    await holds(damagedText(PS), (line) => isRow(parsePsLine(line)));
  });

  it('of /proc has numbers and a start, or is none, whatever the process calls itself', async () => {
    await holds(damagedText(STAT), (text) => isRow(parseStat(8151, text, 'boot')));
  });

  it('never makes a stranger ours', async () => {
    const cases = fc.array(damagedText(PS), { maxLength: 6 });
    const root = { pid: 501, startedAt: parsePsLine(PS[0] ?? '')?.startedAt ?? '' };
    await holds(cases, (table) => {
      const rows = table.flatMap((line) => parsePsLine(line) ?? []);
      const tree = treeOf(root, [], rows);
      const known = new Set(tree.map(({ pid }) => pid));
      for (const row of tree) {
        expect(row.pid).toBeGreaterThan(1);
        expect(row.pid === root.pid || row.group === root.pid || known.has(row.parent)).toBe(true);
      }
    });
  });
});

const ENDED: ProcessResult = {
  ended: 'exited',
  exitStatus: 1,
  signal: null,
  problem: null,
  stdout: '',
  tail: '',
  stderrTail: '',
  durationMs: 0,
};

function readIn(chunks: readonly string[]) {
  const reader = machineReader();
  const text = chunks.map((chunk) => reader.push(chunk)).join('') + reader.end();
  return { text, error: reader.error(), lastDetail: reader.lastDetail() };
}

function pieces(text: string, cuts: readonly number[]): string[] {
  const places = cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b);
  return [...places, text.length].map((end, at) => text.slice(places[at - 1] ?? 0, end));
}
