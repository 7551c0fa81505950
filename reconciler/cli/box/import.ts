import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { assertFit, type CatalogueEntry } from '../../boxes/build/catalogue-entry.ts';
import { assertNew, changeCatalogue } from '../../boxes/build/change-catalogue.ts';
import { importFile, importFromVagrant } from '../../boxes/build/import-box.ts';
import { assertFree, branchFor, commitChange, pushChange } from '../../boxes/build/publish.ts';
import { BuildRefused } from '../../boxes/build/workshop.ts';
import { iso } from '../../clock.ts';
import { takeHostLock } from '../../daemon/host-lock.ts';
import { DesiredFiles } from '../../desired/desired-files.ts';
import { readBox } from '../../desired/find-box.ts';
import { globalOptions, print, printDocument, printError } from '../options.ts';
import { type Opened, openCatalogue } from './open-catalogue.ts';

type Options = {
  readonly provider: string;
  readonly file?: string;
  readonly fromVagrant?: boolean;
  readonly source?: readonly string[];
  readonly repack?: boolean;
  readonly branch: boolean;
};

/** `boxreeve box import`: a box that was made elsewhere enters by its digest. */
export function importCommand(): Command {
  return new Command('import')
    .description('bring a box that was made elsewhere into the catalogue, by a change on a branch')
    .argument('<box>', 'name of the box, as it is to be in the catalogue')
    .argument('<version>', 'its version')
    .requiredOption('--provider <provider>', 'Vagrant provider that it is for')
    .option('--file <file>', 'the .box file')
    .option('--from-vagrant', "out of Vagrant's store on this host, where it has this name and version")
    .option('--source <address...>', 'where the file can be had (default: peers:)')
    .option('--repack', 'pack it anew, so that its next version costs other hosts only what changed')
    .option('--no-branch', 'leave the infra repo alone')
    .addHelpText(
      'after',
      '\nExample:\n  boxreeve box import azure-ci-node 2022.3.1 --provider vmware_desktop --file ~/images/node.box',
    )
    .action(async (name: string, version: string, options: Options, command: Command) => {
      const { config, json } = globalOptions(command);
      if ((options.file === undefined) === (options.fromVagrant !== true))
        throw new BuildRefused('name either --file or --from-vagrant');
      await assertFit(name, { version, provider: options.provider, sources: options.source ?? ANYWHERE });
      const opened = await openCatalogue(config);
      const lock = takeHostLock(join(opened.dirs.builds, 'lock'), `boxreeve box import ${name}`);
      try {
        const document = await carryOut(opened, name, version, options);
        if (json) printDocument(document);
        else print(document.message);
      } finally {
        lock.release();
      }
    });
}

const ANYWHERE: readonly string[] = ['peers:'];

function entryOf(
  version: string,
  { provider, source }: Options,
  { sha256, size, chunks }: Required<Pick<CatalogueEntry, 'sha256' | 'size' | 'chunks'>>,
): CatalogueEntry {
  return { version, provider, sha256, size, sources: source ?? ANYWHERE, chunks };
}

async function carryOut(opened: Opened, name: string, version: string, options: Options) {
  const { config, dirs, host, publisher } = opened;
  const { provider } = options;
  await assertNotCatalogued(opened, name, version, provider);
  const branch = branchFor(name, version);
  if (options.branch) await assertFree(publisher, branch);
  const parts = {
    boxFile: dirs.boxFile,
    repack: options.repack === true,
    from: 'import' as const,
    at: () => iso(host.clock.now()),
    signal: publisher.signal,
    work: join(dirs.builds, 'import'),
    vagrantHome: config.vagrantHome,
    tell: printError,
  };
  const box = { name, version, provider };
  const { file, ...placed } = await (options.file === undefined
    ? importFromVagrant(box, parts)
    : importFile(resolve(options.file), box, parts));
  const document = { box: name, version, provider, ...placed, file };
  const title = `${name} ${version} (${provider}), sha256 ${placed.sha256}, is in ${file}.`;
  if (!options.branch)
    return { ...document, branch: null, commit: null, message: `${title} The infra repo was left alone.` };
  const parent = await opened.latest();
  const entry = entryOf(version, options, placed);
  const files = await changeCatalogue(host.mirror.tree(parent), config.path, name, entry, null);
  const message = [
    `${name} ${version}: imported on ${config.name} from ${options.file === undefined ? "Vagrant's store" : 'a file'}`,
    '',
    `For ${provider}, ${placed.size} bytes, SHA-256 ${placed.sha256}.`,
    '',
  ].join('\n');
  const commit = await commitChange(publisher, { branch, parent, files, message, at: host.clock.now() });
  await pushChange(publisher, branch, commit);
  return {
    ...document,
    ...{ branch, commit },
    message: `${title}\nOpen a pull request of the branch ${branch} into ${config.branch}, and merge it by a signed merge commit.`,
  };
}

async function assertNotCatalogued(
  { host, config, desired }: Opened,
  name: string,
  version: string,
  provider: string,
): Promise<void> {
  const files = new DesiredFiles(host.mirror.tree(desired.commit), config.path);
  if ((await files.entry(`boxes/${name}.yaml`)) === undefined) return;
  const box = await readBox(files, name);
  files.complaints.throwIfAny();
  assertNew(name, { version, provider }, box?.data.versions ?? []);
}
