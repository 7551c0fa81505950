import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allAttacks, parseAttack, ROOT, takeOut } from '../../attacks/proof/attack.ts';
import { page, TABLE } from '../../attacks/proof/table.ts';
import { judge, type Run, type Seen } from '../../attacks/proof/verdict.ts';

const ASSERTED = { name: 'AssertionError', message: 'expected 1 to be 2' };
const BROKEN = { name: 'TypeError', message: 'no such thing' };

function run(state: Seen['state'], ...errors: Seen['errors']): Run {
  return { tests: [{ test: 'a host stays', state, errors }], outside: [] };
}
const passes = run('passed');
const fails = run('failed', ASSERTED);

describe('an attack is proved to stand on its defence', () => {
  it('when it passes, and fails by assertion without it', () => {
    expect(judge(passes, fails)).toEqual({ proved: true });
  });

  it('but not when it passes all the same, or fails anyhow', () => {
    expect(judge(passes, passes)).toMatchObject({ why: 'it passes although its defence is out' });
    expect(judge(fails, fails)).toMatchObject({ why: expect.stringContaining('as it is') });
  });

  it('nor when something else breaks, also beside an assertion', () => {
    expect(judge(passes, run('failed', ASSERTED, BROKEN))).toMatchObject({ proved: false });
    expect(judge(passes, { ...fails, outside: ['it cannot be loaded'] })).toMatchObject({ proved: false });
  });

  it('nor when a part of it is not run, or it has no test', () => {
    const skipped = run('skipped');
    const partly = { ...fails, tests: [...fails.tests, ...skipped.tests] };
    expect(judge(passes, partly)).toMatchObject({ why: 'it is not run: a host stays' });
    expect(judge(skipped, fails)).toMatchObject({ proved: false });
    expect(judge({ tests: [], outside: [] }, fails)).toMatchObject({ why: 'it has no test' });
  });
});

describe('a defence', () => {
  const cut = { file: 'a.ts', take: 'if (bad) refuse();', leave: '' };

  it('is taken out of the file it is in, and of no other', () => {
    expect(takeOut('x();\nif (bad) refuse();\n', 'a.ts', [cut])).toBe('x();\n\n');
    expect(takeOut('y();\n', 'b.ts', [cut])).toBe('y();\n');
  });

  it('that is not there, or there twice, is an error', () => {
    expect(() => takeOut('x();', 'a.ts', [cut])).toThrow('has this 0 times');
    expect(() => takeOut(cut.take + cut.take, 'a.ts', [cut])).toThrow('has this 2 times');
  });
});

describe('an attack', () => {
  it('must say what it is', () => {
    const source =
      "const ATTACK: Attack = {\n  attacker: 'nobody',\n  does: 'x',\n  holds: 'y',\n  defence: [],\n};\n";
    expect(() => parseAttack(source, 'x')).toThrow('must say attacker, does, holds');
    expect(() => parseAttack('', 'x')).toThrow('has no `const ATTACK');
  });

  it('stands where it says, once, and in no place twice', () => {
    for (const { defence } of allAttacks()) {
      for (const { file } of defence) takeOut(readFileSync(join(ROOT, file), 'utf8'), file, defence);
    }
  });

  it('that the threat model names is there', () => {
    const words = (page: string) =>
      [
        ...readFileSync(join(ROOT, 'docs/explanation', page), 'utf8').matchAll(
          /`([a-z0-9]+(?:-[a-z0-9]+)+)`/g,
        ),
      ].map(([, word = '']) => word);
    // kinds of findings look like names of attacks
    const known = new Set([...allAttacks().map(({ name }) => name), ...words('audit-as-git-branches.md')]);
    expect(words('security.md').filter((word) => !known.has(word))).toEqual([]);
    expect(words('security.md')).toContain('commit-without-a-signature');
  });

  it('is listed in the docs with all others (npm run attacks -- --table writes the page)', () => {
    expect(readFileSync(join(ROOT, TABLE), 'utf8')).toBe(page(allAttacks()));
  });
});
