/** GitHub, GitLab and Azure DevOps, each played by a server that knows what its vendor documents and refuses all else. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NotifyTarget } from '../../../reconciler/desired/spec.ts';
import { SecretUnavailable } from '../../../reconciler/errors.ts';
import { type Message, NotDelivered, type Target } from '../../../reconciler/notify/message.ts';
import { azureDevopsTarget } from '../../../reconciler/notify/targets/azure-devops.ts';
import type { TargetParts } from '../../../reconciler/notify/targets/forge.ts';
import { githubTarget } from '../../../reconciler/notify/targets/github.ts';
import { gitlabTarget } from '../../../reconciler/notify/targets/gitlab.ts';
import { FAILURES } from '../../lab/ci/http-server.ts';
import { startAzureDevops } from '../../lab/notify/azure-devops.ts';
import type { ForgeLab } from '../../lab/notify/forge-lab.ts';
import { startGithub } from '../../lab/notify/github.ts';
import { startGitlab } from '../../lab/notify/gitlab.ts';
import { standing } from '../../unit/notify/builders.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z');
const COMMIT = '9ab3e51f00000000000000000000000000000000';
const FAILURE = {
  host: 'builder1',
  guest: 'azure-agent',
  since: '2026-11-25T11:00:00.000Z',
  detail: 'vagrant up failed',
};
const never = new AbortController().signal;

const FORGES: readonly [string, () => Promise<ForgeLab>, Readonly<Record<string, string>>][] = [
  ['GitHub', startGithub, { underWay: 'pending', done: 'success', halted: 'failure', overtaken: 'error' }],
  ['GitLab', startGitlab, { underWay: 'running', done: 'success', halted: 'failed', overtaken: 'canceled' }],
  [
    'Azure DevOps',
    startAzureDevops,
    { underWay: 'pending', done: 'succeeded', halted: 'failed', overtaken: 'notApplicable' },
  ],
];

function told(change: Parameters<typeof standing>[0] = {}, output?: string): Message {
  const outputs = output === undefined ? [] : [{ ...FAILURE, output }];
  return {
    ...{ kind: 'standing', id: 'x', outputs, time: '2026-11-25T12:00:00.000Z' },
    standing: standing({ commit: COMMIT, ...change }),
  };
}

function open(target: NotifyTarget, parts: TargetParts): Target {
  if (target.to === 'github') return githubTarget(parts, target);
  if (target.to === 'gitlab') return gitlabTarget(parts, target);
  if (target.to === 'azure-devops') return azureDevopsTarget(parts, target);
  throw new Error(`${target.to} is no forge`);
}

describe.each(FORGES)('%s', (_name, start, states) => {
  let lab: ForgeLab;
  let parts: TargetParts;
  let forge: Target;

  beforeEach(async () => {
    lab = await start();
    parts = { secret: async () => lab.token, clock: { now: () => NOW }, fetch, waits: new Map() };
    forge = open(lab.target, parts);
  });
  afterEach(() => lab.server.close());

  async function refusal(message = told()): Promise<NotDelivered> {
    const error = await forge.deliver([message], never).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof NotDelivered)) throw new Error(`it was not refused but ${String(error)}`);
    return error;
  }

  it('sets the status of the commit at each step, also where the state is the same as before', async () => {
    const halted = { state: 'halted', failures: [FAILURE] } as const;
    for (const change of [{}, { done: 2 }, halted, { done: 3 }, { state: 'done', done: 8 }] as const)
      await forge.deliver([told(change)], never);
    const [newest, ...before] = lab.statuses(COMMIT);
    expect(newest).toBe(`${states.done}: Rolled out: 8 of 8 hosts`);
    expect(before).toContain(`${states.halted}: Halted at 1 of 8 hosts; failed on builder1`);
    const other = 'b'.repeat(40);
    await forge.deliver([told({ commit: other, done: 2 })], never);
    await forge.deliver([told({ commit: other, done: 3 })], never);
    expect(lab.statuses(other)[0]).toBe(`${states.underWay}: 3 of 8 hosts, wave 2`);
    await forge.deliver([told({ commit: other, state: 'overtaken', overtakenBy: COMMIT })], never);
    expect(lab.statuses(other)[0]).toBe(`${states.overtaken}: Overtaken by 9ab3e51f0000`);
  });

  it('makes one comment on the pull request, and writes that one anew', async () => {
    lab.merged(COMMIT);
    for (let count = 0; count < 130; count += 1) lab.says(`remark ${count}`);
    await forge.deliver([told()], never);
    lab.says('thanks');
    await forge.deliver(
      [told({ state: 'halted', failures: [FAILURE] }, 'no space left\non the disk')],
      never,
    );
    const ours = lab.comments().filter((text) => text.startsWith('<!-- boxreeve '));
    expect(ours).toHaveLength(1);
    expect(ours[0]).toContain('**Halted at 1 of 8 hosts; failed on builder1**');
    expect(ours[0]).toContain('| 1 | `label canary` | 1 of 1 |');
    expect(ours[0]).toContain('```text\nno space left\non the disk\n```');
    expect(lab.comments()).toHaveLength(132);
  });

  it('a comment that was made before the crash is found again by its mark', async () => {
    lab.merged(COMMIT);
    await forge.deliver([told()], never);
    const again = open(lab.target, { ...parts, waits: new Map() });
    await again.deliver([told()], never);
    await again.deliver([told({ done: 2 })], never);
    expect(lab.comments()).toHaveLength(1);
  });

  it('a comment of somebody else that looks like ours is left as it is', async () => {
    lab.merged(COMMIT);
    const forged = '<!-- boxreeve 0123456789abcdef0123456789abcdef -->\nall is well';
    lab.says(forged);
    await forge.deliver([told()], never);
    const [first, second] = lab.comments();
    expect(first).toBe(forged);
    lab.says(second ?? '');
    await forge.deliver([told({ done: 5 })], never);
    expect(lab.comments()[1]).toContain('5 of 8 hosts');
    expect(lab.comments()[2]).toBe(second);
  });

  it('a commit that came by no pull request, or changes no guest, has a status alone', async () => {
    await forge.deliver([told()], never);
    lab.merged(COMMIT);
    await forge.deliver([told({ state: 'nothing', guests: [], waves: [] })], never);
    expect(lab.statuses(COMMIT)[0]).toContain('No host has a guest that this changes');
    expect(lab.comments()).toEqual([]);
  });

  it('what hosts and tools say is neither Markdown nor calls anybody', async () => {
    lab.merged(COMMIT);
    const detail = '@everyone `x` ![i](http://evil.example/i) | a\n# Heading';
    const output = '```\n@everyone [link](http://evil.example)\n````\n\u001b[31mred\r\nlast';
    await forge.deliver([told({ state: 'halted', failures: [{ ...FAILURE, detail }] }, output)], never);
    const [text = ''] = lab.comments();
    const fenced = /^(`{5,})text\n[\s\S]*\n\1$/m.exec(text)?.[0] ?? '';
    expect(fenced).toContain('@everyone [link](http://evil.example)');
    const rest = text.replace(fenced, '').replace(/(`+)[\s\S]*?[^`]\1(?!`)/g, '');
    expect(rest).not.toMatch(/@everyone|evil|Heading/);
    expect(text).not.toContain('\u001b');
  });

  it('a forge that asks to be left alone is left alone until then, and the rest is told later', async () => {
    lab.server.failing = () => 'throttled';
    expect(await refusal()).toMatchObject({ again: 'later', notBefore: NOW + 30_000 });
    lab.server.failing = () => null;
    const calls = lab.server.calls.length;
    expect(await refusal()).toMatchObject({ again: 'later' });
    expect(lab.server.calls).toHaveLength(calls);
  });

  it.each(FAILURES)('%s is no delivery, never holds the token, and is tried again', async (failure) => {
    lab.merged(COMMIT);
    let count = 0;
    for (let at = 0; at < 4; at += 1) {
      lab.server.calls.length = 0;
      lab.server.failing = (call) => (call === at ? failure : null);
      parts.waits.clear();
      const refused = await forge.deliver([told({ done: at })], never).then(
        () => null,
        (error: unknown) => error,
      );
      // an answer to what was done all the same may be anything
      if (refused === null) continue;
      count += 1;
      expect(refused).toBeInstanceOf(NotDelivered);
      expect(refused).not.toMatchObject({ again: 'never' });
      expect(String(refused)).not.toContain(lab.token);
      expect(JSON.stringify(refused)).not.toContain(lab.token);
    }
    expect(count).toBeGreaterThanOrEqual(failure === 'empty body' || failure === 'something else' ? 1 : 4);
    lab.server.failing = () => null;
    parts.waits.clear();
    await forge.deliver([told({ done: 7 })], never);
    expect(lab.statuses(COMMIT)[0]).toContain('7 of 8 hosts');
    expect(lab.comments()).toHaveLength(1);
  });

  it('a token that cannot be had or is wrong is said, without it', async () => {
    const wrong = 'wrong-token-0123456789';
    const wrongly = open(lab.target, { ...parts, secret: async () => wrong });
    await expect(wrongly.deliver([told()], never)).rejects.toMatchObject({ again: 'later' });
    await expect(wrongly.deliver([told()], never)).rejects.not.toThrow(wrong);
    const without = open(lab.target, {
      ...parts,
      secret: () => Promise.reject(new SecretUnavailable('secret FORGE_TOKEN: there is no file')),
    });
    await expect(without.deliver([told()], never)).rejects.toThrow('there is no file');
  });
});
