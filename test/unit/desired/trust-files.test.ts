import { describe, expect, it } from 'vitest';
import { readApprovers } from '../../../reconciler/desired/approvers.ts';
import { DesiredFiles } from '../../../reconciler/desired/desired-files.ts';
import { readTrustRules, ruleFor } from '../../../reconciler/desired/trust-rules.ts';
import { validateAll } from '../../../reconciler/desired/validate.ts';
import { complaintsOf, FILES } from './complaints-of.ts';
import { goodFleet, memoryTree } from './memory-tree.ts';

const RULES = 'desired-state/trust/rules.yaml';

describe('trust/rules.yaml', () => {
  it.each<readonly [string, string, readonly string[]]>([
    [
      'may name someone without a key',
      'rules:\n  - { paths: [hosts/], approvers: [adda@example.org] }\nforges: [hub]\n',
      [
        `${RULES}:2:5 nobody could ever change this: it takes 1 signature, and of people who could give one there are 0 keys`,
        `${RULES}:2:36 "adda@example.org" has no key in trust/; did you mean \`ada@example.org\`?`,
        `${RULES}:3:10 "hub" has no key in trust/`,
      ],
    ],
    [
      'may ask for more signatures than there are people',
      'rules:\n  - { paths: [trust/], signatures: 2 }\n',
      [
        `${RULES}:2:36 nobody could ever change this: it takes 2 signatures, and of people who could give one there is 1 key`,
      ],
    ],
    [
      'may make of every approver a forge',
      'forges: [ada@example.org]\nrules: [{ paths: [hosts/] }]\n',
      [
        `${RULES}:2:9 nobody could ever change this: it takes 1 signature, and of people who could give one there are 0 keys`,
      ],
    ],
    [
      'may have a key that is not known',
      'rule: []\n',
      [`${RULES}:1:1 unknown key \`rule\`; did you mean \`rules\`?`],
    ],
    [
      'may have a path that leaves the desired state',
      'rules: [{ paths: [../elsewhere] }]\n',
      [
        `${RULES}:1:19 rules[0].paths[0] "../elsewhere" is not a path in the desired state, relative and without \`..\`, such as guests/azure-agent/**`,
      ],
    ],
    [
      'may be no YAML',
      'rules: {\n',
      [expect.stringMatching(/^desired-state\/trust\/rules\.yaml:\d:\d this is not YAML/)],
    ],
  ])('%s', async (_what, content, complaints) => {
    expect(await complaintsOf({ [RULES]: content })).toEqual(complaints);
  });

  it('is about paths by name, by a part of it, and by folder; the last one counts', async () => {
    const content = [
      'rules:',
      '  - { paths: ["**"], signatures: 1 }',
      '  - { paths: ["hosts/*.yaml"], signatures: 1, approvers: [ada@example.org] }',
      '  - { paths: ["guests/"] }',
      '  - { paths: ["guests/**/init.sh", "a+b.txt"], approvers: [ada@example.org] }',
    ].join('\n');
    const files = new DesiredFiles(memoryTree(goodFleet({ [RULES]: content })), 'desired-state');
    const rules = await readTrustRules(files, await readApprovers(files));
    if (rules === undefined) throw new Error('no rules');
    const which = (path: string) => {
      const rule = ruleFor(rules, path);
      return rule === undefined ? -1 : rules.rules.indexOf(rule);
    };
    const paths = [
      'x',
      'hosts/a.yaml',
      'hosts/b/a.yaml',
      'guests/a',
      'guests/init.sh',
      'guests/a/b/init.sh',
      'a+b.txt',
      'aab.txt',
      'hosts/a.yaml\n',
    ];
    expect(paths.map(which)).toEqual([0, 1, 0, 2, 3, 3, 3, 0, 0]);
  });
});

describe('trust/', () => {
  it('may hold a file that is never read, and a key that is none', async () => {
    const change = {
      'desired-state/trust/openpgp/ada.gpg': 'x',
      'desired-state/trust/openpgp/bo@example.org.asc': 'x',
    };
    expect(await complaintsOf(change)).toEqual([
      'desired-state/trust/openpgp/ada.gpg is never read: a file here is called <name of its owner>.asc, and is a plain file',
      expect.stringMatching(/^desired-state\/trust\/openpgp\/bo@example\.org\.asc is no OpenPGP public key/),
    ]);
  });

  it('warns of a time that other readers take for another', async () => {
    const files = goodFleet();
    const approvers = String(files[FILES.approvers]).replace(' ', ' valid-before="20990101" ');
    const { warnings } = await validateAll(
      memoryTree(goodFleet({ [FILES.approvers]: approvers })),
      'desired-state',
    );
    expect(warnings).toContainEqual(
      expect.stringMatching(/^desired-state\/trust\/approvers:1 a time without Z/),
    );
  });
});
