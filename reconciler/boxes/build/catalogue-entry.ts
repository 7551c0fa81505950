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
  readonly chunks: string;
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
  const line = { lineWidth: 0 };
  let added: string;
  if (text === null) {
    const whole = stringify({ kind: 'Box', name, versions: [] }, line).replace(/ \[\]\n$/, '\n');
    added = `# yaml-language-server: $schema=${schema}\n${whole}${itemText(stringify(entry, line))}`;
  } else {
    const document = parseDocument(text);
    addTo(document, entry, isSeq);
    added = document.toString({ ...line, flowCollectionPadding: padded(text) });
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

function addTo(document: Document, entry: CatalogueEntry, isSeq: typeof IsSeq): void {
  const item = document.createNode<unknown>(entry);
  document.addIn(['versions'], item);
  const versions = document.get('versions');
  if (!isSeq(versions)) throw new BuildRefused('its `versions` is no list');
  const sources = document.getIn(['versions', versions.items.length - 1, 'sources']);
  if (isSeq(sources)) sources.flow = true;
}

/** Whether its lists on one line have a blank inside of their brackets. */
function padded(text: string): boolean {
  return !/\[\S/.test(text);
}

async function assertValid(text: string, name: string): Promise<void> {
  const read = await readYaml(Buffer.from(text), `boxes/${name}.yaml`);
  const checked = read.ok ? await checkSchema('box', read.yaml) : read;
  if (checked.ok) return;
  const messages = checked.complaints.map(({ message }) => message.replace(/^versions\[\d+\]\./, ''));
  throw new BuildRefused(messages.join('\n'));
}
