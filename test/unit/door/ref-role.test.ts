import { describe, expect, it } from 'vitest';
import { type Naming, roleOf } from '../../../reconciler/door/ref-role.ts';

const usual: Naming = { watched: 'main', pattern: 'audit/{host}', hosts: new Set() };

/** `watched`, `audit of builder1`, `hiding` or `other`. */
function role(ref: string, naming: Partial<Naming> = {}): string {
  const found = roleOf(ref, { ...usual, ...naming });
  return found.role === 'audit' ? `audit of ${found.host}` : found.role;
}

describe('the usual names', () => {
  it.each([
    ['refs/heads/main', 'watched'],
    ['refs/heads/audit/builder1', 'audit of builder1'],
    ['refs/heads/audit/mac-mini.2_a', 'audit of mac-mini.2_a'],
    ['refs/heads/ada/bump-box', 'other'],
    ['refs/heads/audits', 'other'],
    ['refs/heads/mainline', 'other'],
    ['refs/tags/v1.2', 'other'],
    ['refs/notes/commits', 'other'],
  ])('%s is %s', (ref, is) => {
    expect(role(ref)).toBe(is);
  });
});

describe('rule 3: a name that would hide one that counts', () => {
  it.each([
    ['a branch below an audit branch', 'refs/heads/audit/builder1/x'],
    ['a branch that every audit branch would be below', 'refs/heads/audit'],
    ['a branch below the watched one', 'refs/heads/main/x'],
    ['an audit branch in other letters', 'refs/heads/Audit/builder1'],
    ['a host in other letters', 'refs/heads/audit/Builder1'],
    ['the watched branch in other letters', 'refs/heads/MAIN'],
    ['letters that look the same', 'refs/heads/ａudit/builder1'],
    ['a sign that is not seen', 'refs/heads/audit/builder1\u200b'],
    ['a sign that is not seen, in the watched branch', 'refs/heads/ma\u00adin'],
    ['what no host can be called', 'refs/heads/audit/-x'],
    ['a tag that Git finds before the audit branch', 'refs/tags/audit/builder1'],
    ['a tag that Git finds before the watched branch', 'refs/tags/main'],
    ['a ref that Git finds before the tag', 'refs/audit/builder1'],
    ['a ref that Git finds before the watched branch', 'refs/main'],
    ['a replaced object', `refs/replace/${'a'.repeat(40)}`],
  ])('%s is refused', (_what, ref) => {
    expect(role(ref)).toBe('hiding');
  });

  it('says which of the two it is', () => {
    const why = (ref: string) => {
      const found = roleOf(ref, usual);
      return found.role === 'hiding' ? found.why : '';
    };
    expect(why('refs/heads/audit/builder1/x')).toMatch(/^stands in the way of an audit branch/);
    expect(why('refs/heads/Audit/builder1')).toMatch(/^could be taken for an audit branch/);
    expect(why('refs/tags/main')).toMatch(/^could be taken for the branch main/);
  });
});

describe('other patterns', () => {
  it('a pattern with something after the host', () => {
    const naming = { pattern: 'hosts/{host}/audit' };
    expect(role('refs/heads/hosts/builder1/audit', naming)).toBe('audit of builder1');
    expect(role('refs/heads/hosts/builder1', naming)).toBe('hiding');
    expect(role('refs/heads/hosts', naming)).toBe('hiding');
    expect(role('refs/heads/hosts/builder1/audit/x', naming)).toBe('hiding');
    expect(role('refs/heads/hosts/builder1/wip', naming)).toBe('other');
    expect(role('refs/heads/audit/builder1', naming)).toBe('other');
  });

  it('a pattern that ends or begins in the middle of a name', () => {
    const naming = { pattern: 'ci-{host}-log' };
    expect(role('refs/heads/ci-builder1-log', naming)).toBe('audit of builder1');
    expect(role('refs/heads/CI-builder1-log', naming)).toBe('hiding');
    expect(role('refs/heads/ci-builder1', naming)).toBe('other');
  });

  it('where any branch would fit, only those of hosts count', () => {
    const naming = { pattern: '{host}', hosts: new Set(['builder1']) };
    expect(role('refs/heads/builder1', naming)).toBe('audit of builder1');
    expect(role('refs/heads/Builder1', naming)).toBe('hiding');
    expect(role('refs/heads/builder1/x', naming)).toBe('hiding');
    expect(role('refs/heads/ada', naming)).toBe('other');
    expect(role('refs/heads/ada/bump', naming)).toBe('other');
    expect(role('refs/heads/main', naming)).toBe('watched');
  });

  it('a watched branch with a path of its own', () => {
    const naming = { watched: 'release/ci' };
    expect(role('refs/heads/release/ci', naming)).toBe('watched');
    expect(role('refs/heads/release', naming)).toBe('hiding');
    expect(role('refs/heads/release/next', naming)).toBe('other');
  });

  it('branches by which hosts agree, and no others beside them', () => {
    for (const ref of ['lease-1', 'lease-12', 'notifier'])
      expect(role(`refs/heads/boxreeve/${ref}`)).toBe('agreement');
    for (const ref of [
      'heads/boxreeve/lease-x',
      'heads/boxreeve/lease-',
      'heads/boxreeve/resume-a-b',
      'tags/boxreeve/lease-1',
    ])
      expect(role(`refs/${ref}`)).toBe('other');
  });
});
