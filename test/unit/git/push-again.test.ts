import { describe, expect, it } from 'vitest';
import { RemoteUnreachable } from '../../../reconciler/errors.ts';
import { pushAgain, type Standing } from '../../../reconciler/git/push-again.ts';
import { refusalOf } from '../../../reconciler/git/push-refusal.ts';

const refused = (reason: string, kind = 'remote rejected') =>
  `git push: To ssh://git@example.org/infra.git\n ! [${kind}] 1234567 -> audit/builder1 (${reason})\nerror: failed to push some refs`;

describe('a refused push', () => {
  it.each([
    'failed to update ref',
    "cannot lock ref 'refs/heads/audit/builder1': is at 1234 but expected 5678",
    "cannot lock ref 'refs/heads/audit/builder1': Unable to create '/srv/infra.git/x.lock': File exists.",
    'incorrect old value provided',
    'reference already exists',
  ])('is a busy server where it says: %s', (reason) => {
    expect(refusalOf(refused(reason))).toBe('busy');
  });

  it.each(['fetch first', 'non-fast-forward'])('is a branch to look at where it says: %s', (reason) => {
    expect(refusalOf(refused(reason, 'rejected'))).toBe('overtaken');
  });

  it.each(['pre-receive hook declined', 'protected branch hook declined', 'funny refname'])(
    'is no matter of a moment where it says: %s',
    (reason) => {
      expect(refusalOf(refused(reason))).toBe('other');
    },
  );

  it('is not taken for busy by what a hook prints', () => {
    const hook =
      "remote: error: cannot lock ref 'refs/heads/x'\nremote:  ! [remote rejected] a -> b (fetch first)\n";
    expect(refusalOf(hook + refused('pre-receive hook declined'))).toBe('other');
    expect(refusalOf('git push: ssh: connect to host example.org port 22: Connection refused')).toBe('other');
  });

  it('of several branches is busy only if nothing else is the matter with any', () => {
    const both = `${refused('failed to update ref')}\n${refused('pre-receive hook declined')}`;
    expect(refusalOf(both)).toBe('other');
  });
});

/** Pushes that end so, one after the other; the last one for ever. */
function serverThat(answers: readonly string[], standing: Standing) {
  const seen = { pushes: 0, looks: 0, pauses: [] as number[] };
  return {
    seen,
    parts: {
      push: async () => {
        const answer = answers[Math.min(seen.pushes, answers.length - 1)] ?? '';
        seen.pushes += 1;
        if (answer !== '') throw new RemoteUnreachable(answer);
      },
      look: async () => {
        seen.looks += 1;
        return standing;
      },
      sleep: async (ms: number) => {
        seen.pauses.push(ms);
      },
      random: () => 0.5,
    },
  };
}

describe('pushing again', () => {
  it('needs no look at the branch where the server was busy, and waits longer each time', async () => {
    const busy = refused('failed to update ref');
    const { seen, parts } = serverThat([busy, busy, ''], 'behind');
    await pushAgain(parts);
    expect(seen).toEqual({ pushes: 3, looks: 0, pauses: [100, 200] });
  });

  it('ends without another push where the branch is found to be there', async () => {
    const { seen, parts } = serverThat(['git push: the remote end hung up unexpectedly'], 'there');
    await pushAgain(parts);
    expect(seen).toEqual({ pushes: 1, looks: 1, pauses: [] });
  });

  it('is left to the next reconcile where the matter is not one of a moment', async () => {
    const { seen, parts } = serverThat([refused('pre-receive hook declined')], 'behind');
    await expect(pushAgain(parts)).rejects.toThrow(/hook declined/);
    expect(seen).toEqual({ pushes: 1, looks: 1, pauses: [] });
  });

  it('goes on from where the branch is now when it was overtaken by its own past', async () => {
    const { seen, parts } = serverThat([refused('non-fast-forward', 'rejected'), ''], 'behind');
    await pushAgain(parts);
    expect(seen).toEqual({ pushes: 2, looks: 1, pauses: [100] });
  });

  it('ends at some time with a server that is always busy', async () => {
    const { seen, parts } = serverThat([refused('failed to update ref')], 'behind');
    await expect(pushAgain(parts)).rejects.toThrow(/failed to update ref/);
    expect(seen.pushes).toBe(6);
  });
});
