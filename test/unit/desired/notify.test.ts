/** `notify:` of fleet.yaml. */
import { describe, expect, it } from 'vitest';
import { resolveHost } from '../../../reconciler/desired/resolve.ts';
import type { NotifyTarget } from '../../../reconciler/desired/spec.ts';
import { complaintsOf, FILES } from './complaints-of.ts';
import { FLEET, goodFleet, memoryTree } from './memory-tree.ts';

const GITHUB = '{ to: github, name: forge, repository: acme/infra, token: GITHUB_TOKEN }';

function fleet(...targets: readonly string[]): string {
  return `${FLEET}notify:\n${targets.map((target) => `  - ${target}\n`).join('')}`;
}

async function targets(...given: readonly string[]): Promise<readonly NotifyTarget[]> {
  const tree = memoryTree(goodFleet({ [FILES.fleet]: fleet(...given) }));
  return (await resolveHost(tree, 'desired-state', 'builder1')).notify ?? [];
}

async function wrong(target: string): Promise<string> {
  return (await complaintsOf({ [FILES.fleet]: fleet(target) })).join('\n');
}

describe('who is told', () => {
  it('is nobody where fleet.yaml says nothing of it', async () => {
    expect((await resolveHost(memoryTree(goodFleet()), 'desired-state', 'builder1')).notify).toBeUndefined();
  });

  it('is each forge at its own address, unless another is named', async () => {
    const all = await targets(
      GITHUB,
      '{ to: gitlab, name: lab, project: group/sub/infra, token: T, url: "https://git.example.org", context: mac fleet }',
      '{ to: azure-devops, name: ado, organization: acme, project: Build farm, repository: infra, token: T }',
    );
    expect(all.map((target) => ('url' in target ? target.url : ''))).toEqual([
      'https://api.github.com',
      'https://git.example.org',
      'https://dev.azure.com',
    ]);
    expect(all.map((target) => ('context' in target ? target.context : ''))).toEqual([
      'boxreeve/rollout',
      'mac fleet',
      'boxreeve/rollout',
    ]);
  });

  it('hears of all but quiet check-ins by a webhook, and of what went wrong by mail', async () => {
    const [hook, mail] = await targets(
      '{ to: webhook, name: hook, url: "https://example.org/x", secret: HOOK }',
      '{ to: email, name: mail, from: b@example.org, recipients: [a@example.org] }',
    );
    expect(hook).toMatchObject({ on: expect.arrayContaining(['applied', 'roll-out', 'waiting']) });
    expect(hook).not.toMatchObject({ on: expect.arrayContaining(['in-sync']) });
    expect(mail).toMatchObject({
      on: ['roll-out', 'rolled-back', 'failed', 'interrupted', 'refused', 'unhealthy', 'halted'],
    });
  });
});

describe('a target is wrong', () => {
  it('if a secret would travel for others to read', async () => {
    for (const url of [
      'http://example.org/x',
      'http://127.0.0.1.example.org/',
      'http://localhost.example.org/',
    ])
      expect(await wrong(`{ to: webhook, name: hook, url: "${url}", secret: HOOK }`)).toContain(
        `notify[0].url "${url}" is not safe for a secret`,
      );
    for (const url of ['http://127.0.0.1:8080/x', 'http://[::1]/x', 'http://localhost/x'])
      expect(await wrong(`{ to: webhook, name: hook, url: "${url}", secret: HOOK }`)).toBe('');
  });

  it('if its address has a name and password in it, or is none', async () => {
    for (const url of ['https://ada:pw@example.org/', 'ftp://example.org/', 'https://exa mple.org/'])
      expect(await wrong(`{ to: webhook, name: hook, url: "${url}", secret: HOOK }`)).toContain('url');
    const text = await wrong(
      '{ to: webhook, name: hook, url: "https://ada:pa55word@example.org", secret: HOOK }',
    );
    expect(text).not.toContain('pa55word');
  });

  it('if two have one name', async () => {
    const complaints = await complaintsOf({ [FILES.fleet]: fleet(GITHUB, GITHUB) });
    expect(complaints).toEqual([
      expect.stringContaining('notify[1].name "forge" is the name of another target as well'),
    ]);
  });

  it.each([
    '-oQ/tmp@example.org',
    'Ada <ada@example.org>',
    'a@example.org,b@example.org',
    '"a\\nBcc: b"@example.org',
  ])('if a mail address is %j: no option, no second address, no header', async (address) => {
    const target = { to: 'email', name: 'mail', from: 'b@example.org', recipients: [address] };
    expect(await wrong(JSON.stringify(target))).toContain('recipients[0]');
  });

  it('if it names a value where the name of a secret belongs, and the value is not shown', async () => {
    const text = await wrong('{ to: github, name: forge, repository: acme/infra, token: ghp-SECRET-VALUE }');
    expect(text).toContain('notify[0].token');
    expect(text).not.toContain('SECRET-VALUE');
  });

  it('if it is no system that Boxreeve knows', async () => {
    expect(await wrong('{ to: githup, name: forge, repository: acme/infra, token: T }')).toContain('github');
  });
});
