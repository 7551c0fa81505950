import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { GUEST, writeGuest } from '../lab/desired-state.ts';
import type { Attack } from './proof/attack.ts';
import { contribute, GUEST_FOLDER, HOST_FILE } from './scene/contribution.ts';

const ATTACK: Attack = {
  attacker: 'contributor',
  does: 'calls a guest -rf, in the hope that some command takes its name for an option',
  holds: 'a host goes on with the commit before it',
  defence: [
    {
      file: 'reconciler/desired/check-schema.ts',
      take: 'if (accepts(yaml.value)) return',
      leave: "if (accepts(yaml.value) || kind === 'host' || kind === 'guest') return",
    },
  ],
};

it(ATTACK.holds, async () => {
  const { before, poll } = await contribute((repo) => {
    repo.write(HOST_FILE, readFileSync(join(repo.folder, HOST_FILE), 'utf8').replace(GUEST, '-rf'));
    cpSync(join(repo.folder, GUEST_FOLDER), join(repo.folder, 'desired-state/guests/-rf'), {
      recursive: true,
    });
    writeGuest(repo, { name: '-rf', version: '2022.2.24' });
  });
  expect(poll).toMatchObject({ follows: before, refusal: expect.stringContaining('is not a name') });
});
