import { createHmac } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { githubTarget } from '../../reconciler/notify/targets/github.ts';
import { startGithub } from '../lab/notify/github.ts';
import { standing } from '../unit/notify/builders.ts';
import type { Attack } from './proof/attack.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'writes the comment beforehand that Boxreeve looks for, to have his own taken for its word',
  holds: 'his comment is left to him, and Boxreeve makes one of its own',
  defence: [
    {
      file: 'reconciler/notify/targets/forge.ts',
      take: "createHmac('sha256', token)",
      leave: "createHmac('sha256', 'boxreeve')",
    },
  ],
};

it(ATTACK.holds, async () => {
  const forge = await startGithub();
  onTestFinished(() => forge.server.close());
  const { target, token } = forge;
  if (target.to !== 'github') throw new Error(`${target.to} is not GitHub`);
  const { commit } = standing();
  forge.merged(commit);
  const mark = createHmac('sha256', 'boxreeve')
    .update('boxreeve notifies of boxreeve/rollout on 42')
    .digest('hex');
  const his = `<!-- boxreeve ${mark.slice(0, 32)} -->\nall is well`;
  forge.says(his);
  const parts = {
    secret: async () => token,
    clock: { now: Date.now },
    fetch,
    waits: new Map<string, number>(),
  };
  await githubTarget(parts, target).deliver(
    [{ kind: 'standing', id: 'x', standing: standing(), outputs: [], time: '2026-11-25T12:00:00.000Z' }],
    new AbortController().signal,
  );
  expect(forge.comments()).toEqual([his, expect.stringContaining('1 of 8 hosts')]);
});
