import { expect, it } from 'vitest';
import type { Attack } from './proof/attack.ts';
import { openScene } from './scene/scene.ts';
import { push, storeCommit } from './scene/signed-commit.ts';

const ATTACK: Attack = {
  attacker: 'push right',
  does: 'writes a second signature header into a signed commit, so that two readers see two commits',
  holds: 'a host stays at the commit before it',
  defence: [
    {
      file: 'reconciler/trust/commit-object.ts',
      take: "  if (signatures.length > 1) return refuse('has more than one signature');",
      leave: '',
    },
  ],
};

it(ATTACK.holds, async () => {
  const { root, repo, ada, begun, host } = await openScene();
  const builder1 = await host();
  await builder1.poll();
  await repo.merge('Stop', ada.key);
  const signed = `${await repo.git('cat-file', 'commit', 'HEAD')}\n`;
  const double = signed.replace(
    '\ngpgsig ',
    '\ngpgsig-sha256 -----BEGIN SSH SIGNATURE-----\n x\n -----END SSH SIGNATURE-----\ngpgsig ',
  );
  const moved = double.replace(
    /^(gpgsig-sha256[\s\S]*?)^(gpgsig [\s\S]*?-----END SSH SIGNATURE-----\n)/m,
    '$2$1',
  );
  await repo.git('reset', '--quiet', '--hard', await storeCommit(repo, root, moved));
  await push(repo);
  expect(await builder1.poll()).toMatchObject({
    follows: begun,
    refusal: expect.stringContaining('more than one signature'),
  });
});
