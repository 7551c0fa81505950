/** A box's file in the catalogue with one more version, everything else as people wrote it. */
import type { Document, isSeq as IsSeq } from 'yaml';
import { checkSchema } from '../../desired/check-schema.ts';
import { readYaml } from '../../desired/read-yaml.ts';
import { BuildRefused } from './workshop.ts';

export type CatalogueEntry = {
  readonly version: string;
  readonly provider: string;
  readonly sha256: string;
  readonly size: number;
  readonly sources: readonly string[];
  /** Absent: it is fetched as a whole. */
  readonly chunks?: string;
  readonly inputs?: string;
  readonly recipe?: string;
};

/**
 * @param text the file as it is; null: the box is new
 * @param schema path of the schema from the file, for editors
 * @throws BuildRefused if the entry is not what a catalogue may have
 */
export async function withEntry(
  text: string | null,
  name: string,
  entry: CatalogueEntry,
  schema: string,
): Promise<string> {
  const { isSeq, parseDocument, stringify } = await import('yaml');
  const item = itemText(inOneLine(stringify(entry, { lineWidth: 0 }), entry));
  let added: string;
  if (text === null) {
    const whole = stringify({ kind: 'Box', name, versions: [] }).replace(/ \[\]\n$/, '\n');
    added = `# yaml-language-server: $schema=${schema}\n${whole}${item}`;
  } else {
    const document = parseDocument(text);
    const place = placeBehind(text, document, isSeq);
    if (place === null) document.addIn(['versions'], entry);
    // put in as text, so that no line that somebody wrote is written anew
    added = place === null ? document.toString({ lineWidth: 0 }) : place.before + item + place.after;
  }
  await assertValid(added, name);
  return added;
}

const ANY_DIGEST = '0'.repeat(64);

/** What was asked for is what a catalogue may have: to be found out before hours are spent on it. Throws BuildRefused. */
export async function assertFit(
  name: string,
  given: Pick<CatalogueEntry, 'version' | 'provider' | 'sources'>,
): Promise<void> {
  await withEntry(null, name, { ...given, sha256: ANY_DIGEST, size: 1, chunks: ANY_DIGEST }, 'box.json');
}

function itemText(yaml: string): string {
  return yaml
    .trimEnd()
    .split('\n')
    .map((line, index) => `${index === 0 ? '  - ' : '    '}${line}\n`)
    .join('');
}

/** Sources on one line, as people write them. */
function inOneLine(yaml: string, { sources }: CatalogueEntry): string {
  const list = sources.map((source) => JSON.stringify(source)).join(', ');
  return yaml.replace(/^sources:\n( +- .*\n)*/m, () => `sources: [${list}]\n`);
}

/** Behind the last version of a list in lines of their own, two blanks in; null: it is written in another way. */
function placeBehind(
  text: string,
  document: Document,
  isSeq: typeof IsSeq,
): { readonly before: string; readonly after: string } | null {
  const versions = document.get('versions');
  if (!isSeq(versions)) throw new BuildRefused('its `versions` is no list');
  const end = versions.range?.[1];
  if (versions.flow === true || versions.items.length === 0 || end === undefined) return null;
  if (!/^ {2}- /m.test(text.slice(text.lastIndexOf('\n', versions.range?.[0] ?? 0) + 1, end))) return null;
  const before = text.slice(0, end);
  return { before: before.endsWith('\n') ? before : `${before}\n`, after: text.slice(end) };
}

async function assertValid(text: string, name: string): Promise<void> {
  const read = await readYaml(Buffer.from(text), `boxes/${name}.yaml`);
  const checked = read.ok ? await checkSchema('box', read.yaml) : read;
  if (checked.ok) return;
  const messages = checked.complaints.map(({ message }) => message.replace(/^versions\[\d+\]\./, ''));
  throw new BuildRefused(messages.join('\n'));
}
