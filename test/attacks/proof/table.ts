/** The page that lists every attack: docs/explanation/attacks.md. Pure. */
import { ATTACKERS, fileOf, type NamedAttack } from './attack.ts';

export const TABLE = 'docs/explanation/attacks.md';

/** Made of the attacks themselves; a test holds the page to them. */
export function page(attacks: readonly NamedAttack[]): string {
  const parts = Object.entries(ATTACKERS).flatMap(([attacker, may]) => {
    const his = attacks.filter((attack) => attack.attacker === attacker);
    return his.length === 0 ? [] : [section(attacker, may, his)];
  });
  return `${INTRODUCTION}\n${attacks.length} attacks:\n\n${parts.join('\n')}`;
}

const INTRODUCTION = `# Attacks that are tried

Each of these is a file in \`test/attacks/\`, carried out with real Git, real keys and real OpenSSH whenever \`npm test\` runs. Each says
which code it stands on. \`npm run attacks -- --prove\` takes that code out and demands that the attack then succeeds, so that none
passes for another reason than its defence.

This page is made of those files: \`npm run attacks -- --table\`. [Trust](trust.md) says what the rules are.
`;

function section(attacker: string, may: string, attacks: readonly NamedAttack[]): string {
  const rows = attacks.map(
    ({ name, does, holds, defence }) =>
      `| [${name}](../../${fileOf(name)}) | ${cell(does)} | ${cell(holds)} | ${[...new Set(defence.map(({ file }) => `\`${file}\``))].join(', ')} |\n`,
  );
  return `## ${attacker[0]?.toUpperCase()}${attacker.slice(1)}\n\nWho ${may}.\n\n| attack | what he does | what holds | by |\n|---|---|---|---|\n${rows.join('')}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
