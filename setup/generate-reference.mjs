#!/usr/bin/env node
/**
 * Makes docs/reference/ out of the JSON Schemas and the command line's own help, so that neither can say anything else.
 *
 *   node setup/generate-reference.mjs           writes docs/reference/*.md
 *   node setup/generate-reference.mjs --check   exits with 1 if one of them is not what its source says
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildProgram } from '../reconciler/cli/program.ts';
import { commandSections } from './reference/command-page.mjs';
import { schemaSections } from './reference/schema-page.mjs';

const root = join(import.meta.dirname, '..');
const target = join(root, 'docs', 'reference');

/** Schema of a file that a user writes or reads, and what the page is called. */
const FILES = [
  ['fleet', '`fleet.yaml`'],
  ['host', '`hosts/<name>.yaml`'],
  ['guest', '`guests/<name>/guest.yaml`'],
  ['box', '`boxes/<name>.yaml`'],
  ['recipe', '`boxes/<name>.recipe.yaml`'],
  ['trust-rules', '`trust/rules.yaml`'],
  ['host-config', '`host.yaml`, on the host'],
  ['audit-record', 'audit record'],
];

/** Pages that no schema has the words for: kept, and named among the others. */
const BY_HAND = [['scale', 'Scale: what many hosts cost, and at what size to do what']];

const desired = await schemasOf(join(root, 'desired-state', 'schema'));
const reports = await schemasOf(join(root, 'reconciler', 'report', 'schema'));

const pages = new Map();
for (const [name] of FILES) {
  const schema = desired.get(name);
  pages.set(
    `${name}.md`,
    page(schemaSections(schema, otherThan(desired)), `desired-state/schema/${name}.json`),
  );
}
pages.set(
  'documents.md',
  page(
    [
      '# Documents',
      '',
      'What commands print with `--json`: one document on standard output; logs and messages go to standard error.',
      '',
      ...[...reports.values()].map((schema) => schemaSections(named(schema), otherThan(reports), 2)),
    ].join('\n'),
    'reconciler/report/schema/',
  ),
);
pages.set('commands.md', page(commandSections(await buildProgram()), 'the help of the commands'));
pages.set('README.md', page(contents(), 'what is here'));
await settle();

function contents() {
  return [
    '# Reference',
    '',
    '- [Commands](commands.md), their options and exit codes',
    '- [Documents](documents.md) that commands print with `--json`',
    ...FILES.map(([name, what]) => `- [${what}](${name}.md)`),
    ...BY_HAND.map(([name, what]) => `- [${what}](${name}.md)`),
    '',
  ].join('\n');
}

/** By the command that prints it, which its description names first. */
function named(schema) {
  const [command] = schema.description?.match(/`boxreeve [^`]+`/) ?? [];
  return { ...schema, title: command ?? schema.title };
}

/** A schema of these by its file name, or a link to the page of another. */
function otherThan(schemas) {
  return (file) => {
    const name = file.replace(/\.json$/, '');
    const [, title] = FILES.find(([known]) => known === name) ?? [];
    return schemas.get(name) ?? (title === undefined ? undefined : `[${title}](${name}.md)`);
  };
}

function page(text, source) {
  const body = text.replaceAll(/\n{3,}/g, '\n\n').trimEnd();
  return `<!-- Made by setup/generate-reference.mjs from ${source}: change that, not this. -->\n\n${body}\n`;
}

async function schemasOf(folder) {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return new Map(names.map((name, at) => [name.replace(/\.json$/, ''), JSON.parse(texts[at])]));
}

/** Writes what differs and removes what is no page any more; with --check only names it. */
async function settle() {
  const check = process.argv.includes('--check');
  await mkdir(target, { recursive: true });
  const stale = [];
  for (const [name, text] of pages) {
    if ((await readFile(join(target, name), 'utf8').catch(() => '')) === text) continue;
    stale.push(name);
    if (!check) await writeFile(join(target, name), text);
  }
  for (const name of await readdir(target)) {
    if (pages.has(name) || BY_HAND.some(([page]) => name === `${page}.md`)) continue;
    stale.push(name);
    if (!check) await rm(join(target, name), { recursive: true });
  }
  if (check && stale.length > 0) {
    process.stderr.write(
      `docs/reference is not what its sources say, run node setup/generate-reference.mjs: ${stale.join(', ')}\n`,
    );
    process.exitCode = 1;
  }
}
