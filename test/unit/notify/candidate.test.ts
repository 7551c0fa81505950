import { expect, it } from 'vitest';
import type { NotifyTarget } from '../../../reconciler/desired/spec.ts';
import { candidate } from '../../../reconciler/notify/candidate.ts';

const HOOK: NotifyTarget = {
  to: 'webhook',
  name: 'hook',
  url: 'https://example.org',
  secret: 'HOOK',
  on: [],
};
const FORGE: NotifyTarget = {
  ...{ to: 'github', name: 'forge', url: 'https://api.github.com', repository: 'a/b' },
  ...{ token: 'TOKEN', context: 'c' },
};
const MAIL: NotifyTarget = { to: 'email', name: 'mail', from: 'a@b', recipients: ['c@d'], on: [] };

function may(notify: boolean | null, secrets: readonly string[], targets: readonly NotifyTarget[]) {
  const sources = Object.fromEntries(secrets.map((name) => [name, { env: name }]));
  return candidate({ notify, secrets: sources }, targets);
}

it('a host may notify if it has all secrets that are named, and one is', () => {
  expect(may(null, ['HOOK', 'TOKEN'], [HOOK, FORGE, MAIL])).toEqual({ may: true, lacks: [] });
  expect(may(null, ['HOOK'], [HOOK, FORGE])).toEqual({ may: false, lacks: [] });
  expect(may(null, [], [MAIL])).toEqual({ may: false, lacks: [] });
});

it('host.yaml may ask for it where no secret is named, and is told what is missing where one is', () => {
  expect(may(true, [], [MAIL])).toEqual({ may: true, lacks: [] });
  expect(may(true, ['HOOK'], [HOOK, FORGE])).toEqual({ may: false, lacks: ['TOKEN'] });
});

it('host.yaml may forbid it', () => {
  expect(may(false, ['HOOK'], [HOOK])).toEqual({ may: false, lacks: [] });
});

it('nobody notifies nobody', () => {
  expect(may(true, ['HOOK'], [])).toEqual({ may: false, lacks: [] });
});

it('a secret that is called like a part of every object is not had for that', () => {
  expect(may(null, [], [{ ...HOOK, secret: 'constructor' }])).toEqual({ may: false, lacks: [] });
});
