import { describe, expect, it } from 'vitest';
import { allows, parseAllowedSigners } from '../../../reconciler/trust/allowed-signers.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAII+jp1Zekh0ZXqFgUwJgVxxrr8RzwRxLdeua0JwP9zJs';

function parse(text: string) {
  return parseAllowedSigners(Buffer.from(text));
}

function mistakes(text: string): string[] {
  return parse(text).mistakes.map(({ line, message }) => `${line}: ${message}`);
}

describe('a line that lets someone sign', () => {
  it('may have several names, namespaces and times', () => {
    const line = `ada@example.org,ada Namespaces="git,file",valid-after="20260131Z",valid-before="202602011230Z" ${KEY} her key`;
    expect(parse(`# people\n\n${line}\r\n`)).toEqual({
      signers: [
        {
          principals: ['ada@example.org', 'ada'],
          namespaces: ['git', 'file'],
          validAfter: Date.UTC(2026, 0, 31),
          validBefore: Date.UTC(2026, 1, 1, 12, 30),
          key: KEY,
          line: 3,
        },
      ],
      mistakes: [],
      warnings: [],
    });
  });

  it('may leave its zone out, which is UTC then, and is told that OpenSSH reads it otherwise', () => {
    const { signers, warnings } = parse(`ada valid-before="20260131" ${KEY}`);
    expect(signers[0]?.validBefore).toBe(Date.UTC(2026, 0, 31));
    expect(warnings).toEqual([{ line: 1, message: expect.stringMatching(/write the Z/) }]);
  });

  it('counts from its first moment to before its last, for its namespaces', () => {
    const [signer] = parse(
      `a namespaces="git",valid-after="20260131Z",valid-before="20260201Z" ${KEY}`,
    ).signers;
    if (signer === undefined) throw new Error('no signer');
    const from = Date.UTC(2026, 0, 31);
    const to = Date.UTC(2026, 1, 1);
    expect([from - 1, from, to - 1, to].map((at) => allows(signer, 'git', at))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(allows(signer, 'file', from)).toBe(false);
  });
});

describe('a line that lets nobody sign', () => {
  it.each([
    ['an order to a terminal', `ada\u009b2J ${KEY}`, /characters that are no text/],
    ['a line break that is none to us', `ada\u2028 ${KEY}`, /characters that are no text/],
    ['a name that is denied', `!ada@example.org ${KEY}`, /plain name/],
    ['a name in quotes', `"ada" ${KEY}`, /plain name/],
    ['a pattern for a namespace', `ada namespaces="g*" ${KEY}`, /not plain names/],
    ['a certificate authority', `ada cert-authority ${KEY}`, /certificates/],
    ['an option it does not know', `ada no-touch-required ${KEY}`, /not known/],
    ['an option twice', `ada namespaces="git",NAMESPACES="file" ${KEY}`, /twice/],
    ['a day that no calendar has', `ada valid-before="20260230Z" ${KEY}`, /no time/],
    [
      'a tab in a time, which is told on one line',
      `ada valid-after="\t20260131Z" ${KEY}`,
      /valid-after " 20260131Z" is no time/,
    ],
    ['quotes that never end', `ada namespaces="git ${KEY}`, /not of the form/],
    ['no key', 'ada@example.org', /not of the form/],
    ['no name', KEY, /not of the form/],
    ['a key that is cut short', `ada ${KEY.slice(0, 40)}`, /cut short/],
    ['a NUL', `ada\0 ${KEY}`, /no text/],
  ])('has %s', (_what, line, why) => {
    expect(parse(line).signers).toEqual([]);
    expect(mistakes(`\n${line}`)).toEqual([expect.stringMatching(new RegExp(`^2: .*${why.source}`))]);
  });
});
