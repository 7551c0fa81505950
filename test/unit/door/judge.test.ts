import { describe, expect, it } from 'vitest';
import { type AgreementFacts, judgeAgreement } from '../../../reconciler/door/judge-agreement.ts';
import { type AuditFacts, judgeAudit } from '../../../reconciler/door/judge-audit.ts';
import { judgeWatched, type WatchedFacts } from '../../../reconciler/door/judge-watched.ts';
import { parsePush, refChange } from '../../../reconciler/door/push.ts';
import { exitCodeOf } from '../../../reconciler/door/reason.ts';
import { ExitCode, InvalidHostConfig, UntrustedCommit } from '../../../reconciler/errors.ts';
import { showAdmission } from '../../../reconciler/report/admit-text.ts';

const [OLD, NEW, NONE] = ['a'.repeat(40), 'b'.repeat(40), '0'.repeat(40)];

function problems(reasons: ReturnType<typeof judgeAudit>): readonly string[] {
  return reasons.map(({ kind, problem }) => `${kind}: ${problem}`);
}

describe('rule 4: a branch by which hosts agree', () => {
  const ref = 'refs/heads/boxreeve/lease-1';
  const good: AgreementFacts = {
    change: refChange(OLD, NEW, ref),
    pusher: null,
    host: 'builder1',
    problem: null,
  };
  const judge = (facts: Partial<AgreementFacts>) => problems(judgeAgreement({ ...good, ...facts }));

  it('is replaced by the word of a host, whoever carries it, if the server does not say or it is the host itself', () => {
    expect(judge({})).toEqual([]);
    expect(judge({ pusher: 'builder1' })).toEqual([]);
    expect(judge({ pusher: 'builder2' })).toEqual([
      'untrusted: the host builder2 pushes in the name of builder1',
    ]);
  });

  it('is not replaced by what is no host’s word', () => {
    expect(judge({ problem: 'is not signed by a key of builder1' })).toEqual([
      'untrusted: bbbbbbb is not signed by a key of builder1',
    ]);
  });

  it('is not deleted', () => {
    expect(judge({ change: refChange(OLD, NONE, ref) })).toEqual([
      'untrusted: hosts agree by this branch: who deletes it gives away what one of them has',
    ]);
  });
});

describe('rule 1: the account of a host', () => {
  const good: AuditFacts = {
    change: refChange(OLD, NEW, 'refs/heads/audit/builder1'),
    host: 'builder1',
    pusher: null,
    inFleet: true,
    descends: true,
    findings: [],
  };
  const judge = (facts: Partial<AuditFacts>) => problems(judgeAudit({ ...good, ...facts }));

  it('goes on, whoever carries it, if the server does not say or it is the host itself', () => {
    expect(judge({})).toEqual([]);
    expect(judge({ pusher: 'builder1' })).toEqual([]);
  });

  it('is not deleted', () => {
    expect(judge({ change: refChange(OLD, NONE, 'refs/heads/audit/builder1') })).toEqual([
      'untrusted: this is the account of builder1: it is never deleted',
    ]);
  });

  it('is not rewritten', () => {
    expect(judge({ descends: false })).toEqual([
      'untrusted: bbbbbbb does not go on from aaaaaaa, which is there: a record once written stays',
    ]);
  });

  it('is not written by another host, though its records be right', () => {
    expect(judge({ pusher: 'builder2' })).toEqual([
      'untrusted: the host builder2 pushes to the account of builder1: a host writes its own and no other',
    ]);
  });

  it('is not begun for a host that the fleet does not have', () => {
    expect(judge({ inFleet: false })).toEqual([
      'untrusted: the fleet has no host builder1 with an auditKey, so nobody can sign for it',
    ]);
  });

  it('is refused for each finding in a record, all at once', () => {
    const findings = [
      { commit: NEW, problem: 'is not signed' },
      { commit: NEW, problem: 'has number 3 where 2 is due' },
    ];
    expect(judge({ findings })).toEqual([
      'untrusted: is not signed',
      'untrusted: has number 3 where 2 is due',
    ]);
  });
});

describe('rule 2: the branch that hosts follow', () => {
  const good: WatchedFacts = {
    change: refChange(OLD, NEW, 'refs/heads/main'),
    pusher: null,
    descends: true,
    untrusted: null,
    complaints: [],
  };
  const judge = (facts: Partial<WatchedFacts>) => problems(judgeWatched({ ...good, ...facts }));

  it('goes on with what is trusted and valid', () => {
    expect(judge({})).toEqual([]);
  });

  it('is neither deleted nor rewound nor moved by a host', () => {
    expect(judge({ change: refChange(OLD, NONE, 'refs/heads/main') })).toEqual([
      'untrusted: hosts follow this branch: it is never deleted',
    ]);
    expect(judge({ descends: false })).toEqual([expect.stringContaining('does not go on from aaaaaaa')]);
    expect(judge({ pusher: 'builder1' })).toEqual([expect.stringContaining('the host builder1 pushes to')]);
  });

  it('is refused for whom hosts would not trust and for every mistake, all at once', () => {
    const complaints = [
      { place: { file: 'desired-state/fleet.yaml', line: 3, column: 1 }, message: 'unknown key `window`' },
      { place: { file: 'desired-state/hosts/b.yaml' }, message: 'is never read' },
    ];
    const untrusted = new UntrustedCommit(NEW, 'commit bbbbbbb is not signed');
    expect(judge({ untrusted, complaints })).toEqual([
      'untrusted: commit bbbbbbb is not signed',
      'invalid: unknown key `window`',
      'invalid: is never read',
    ]);
  });
});

describe('what is said', () => {
  const change = refChange(OLD, NEW, 'refs/heads/main');
  const complaints = [1, 2].map((line) => ({
    place: { file: 'f.yaml', line, column: 4 },
    message: 'is\nwrong',
  }));
  const reasons = judgeWatched({ change, pusher: null, descends: true, untrusted: null, complaints });

  it('names the place, and what to do once for all that it helps with', () => {
    expect(showAdmission({ refs: [{ ...change, role: { role: 'watched' } }], reasons })).toEqual([
      'boxreeve: refused, for 2 reasons; nothing of this push is taken',
      '  f.yaml:1:4: is wrong',
      '  f.yaml:2:4: is wrong',
      '    -> boxreeve validate says the same of a checkout, before it is pushed.',
    ]);
  });

  it('the exit code puts what cannot be believed before what is written wrongly', () => {
    const forged = judgeWatched({ change, pusher: null, descends: false, untrusted: null, complaints });
    expect([[], reasons, forged].map(exitCodeOf)).toEqual([
      ExitCode.fine,
      ExitCode.invalidInput,
      ExitCode.untrusted,
    ]);
  });
});

describe('what Git hands a pre-receive hook', () => {
  it('is read line by line; zeros stand for nothing', () => {
    expect(parsePush(`${OLD} ${NEW} refs/heads/main\n${NONE} ${NEW} refs/heads/x\n`)).toEqual([
      { ref: 'refs/heads/main', from: OLD, to: NEW },
      { ref: 'refs/heads/x', from: null, to: NEW },
    ]);
    expect(parsePush('')).toEqual([]);
  });

  it.each([
    ['a line that is cut', `${OLD} ${NEW}`],
    ['a revision where an id belongs', `HEAD ${NEW} refs/heads/main`],
    ['an option where an id belongs', `${OLD} --all refs/heads/main`],
    ['a short id', `${OLD} ${NEW.slice(1)} refs/heads/main`],
    ['a name that is no ref', `${OLD} ${NEW} --upload-pack=x`],
    ['a path out of refs', `${OLD} ${NEW} config`],
  ])('%s is refused', (_what, line) => {
    expect(() => parsePush(`${line}\n`)).toThrow(InvalidHostConfig);
  });
});
