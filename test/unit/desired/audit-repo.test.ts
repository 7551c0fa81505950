/** What a fleet may name as the repository of its records: it reaches every host. */
import { describe, expect, it } from 'vitest';
import { auditRepoProblem } from '../../../reconciler/desired/audit-repo.ts';
import { readFleet } from '../../../reconciler/desired/fleet.ts';
import { FILES } from './complaints-of.ts';
import { goodFleet, memoryTree } from './memory-tree.ts';

describe('the repository of the records may be', () => {
  it.each([
    'https://git.example.org/ci/accounts.git',
    'http://127.0.0.1:8080/accounts.git',
    'ssh://git@git.example.org:2222/ci/accounts.git',
    'git@git.example.org:ci/accounts.git',
    'git.example.org:accounts.git',
    'file:///srv/git/accounts.git',
    '/srv/git/accounts.git',
  ])('%s', (address) => {
    expect(auditRepoProblem(address)).toBe(null);
  });
});

describe('the repository of the records may not be', () => {
  it.each([
    ['--upload-pack=id', 'cannot be an address'],
    ['', 'cannot be an address'],
    ['/srv/git/two words.git', 'cannot be an address'],
    ['https://git.example.org/a.git\n', 'cannot be an address'],
    ['ext::sh', 'names a helper program'],
    ['fd::17', 'names a helper program'],
    ['EXT::x', 'names a helper program'],
    ['ftp://git.example.org/a.git', 'begins with ftp://'],
    ['https://bot:secret@git.example.org/a.git', 'has credentials in it'],
    ['https://token@git.example.org/a.git', 'has credentials in it'],
    ['ssh://git:secret@git.example.org/a.git', 'has credentials in it'],
    ['ssh://-oProxyCommand=id/a.git', 'could be taken for an option'],
    ['ssh://git@-oProxyCommand=id/a.git', 'could be taken for an option'],
    ['git@-oProxyCommand:a.git', 'is neither an address'],
    ['accounts.git', 'is neither an address'],
    ['../accounts.git', 'is neither an address'],
    ['~/accounts.git', 'is neither an address'],
  ])('%j', (address, why) => {
    expect(auditRepoProblem(address)).toContain(why);
    expect(auditRepoProblem(address)).not.toContain('secret');
  });
});

it('one that it may not be is none to who only reads the account', async () => {
  const read = async (audit: string) =>
    (await readFleet(memoryTree(goodFleet({ [FILES.fleet]: `kind: Fleet\n${audit}\n` })), 'desired-state'))
      .auditRepo;
  expect(await read('audit: { repo: /srv/accounts.git }')).toBe('/srv/accounts.git');
  expect(await read('audit: { repo: "ext::sh" }')).toBe(null);
  expect(await read('audit: { repo: [1] }')).toBe(null);
});
