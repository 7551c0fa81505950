/**
 * The files of one revision's desired state, each read and checked at most once, and only when it is asked for: what
 * resolving one host costs does not grow with the fleet. Mistakes are collected, not thrown.
 */
import { type Checked, checkSchema, type Kinds } from './check-schema.ts';
import { Complaints } from './complaints.ts';
import { readGuestFolder } from './guest-folder.ts';
import { pointer } from './json-pointer.ts';
import { KIND_IN_WORDS } from './kind-in-words.ts';
import { LARGEST_YAML, showBytes } from './limits.ts';
import { didYouMean } from './nearest.ts';
import { readYaml, type YamlFile } from './read-yaml.ts';
import type { GuestFile } from './spec.ts';
import type { DesiredTree, TreeEntry } from './tree.ts';

/** A file whose form is right. */
export type Loaded<T> = { readonly data: T; readonly yaml: YamlFile };

/** The folders that hold one YAML file for each name. */
export type Listed = 'hosts' | 'guests' | 'boxes';

/** What is a name in the paths of each folder. A box may be called `organisation/name`. */
const NAMED: Readonly<Record<Listed, RegExp>> = {
  hosts: /^hosts\/([^/]+)\.yaml$/,
  guests: /^guests\/([^/]+)\//,
  // neither a recipe nor what lies in a recipe's folder is a box
  boxes: /^boxes\/((?!(?:[^/]+\/)*[^/]+\.recipe(?:\/|\.yaml$)).+)\.yaml$/,
};

/** Recipes lie beside the boxes. */
const RECIPE = /^boxes\/([^/]+)\.recipe\.yaml$/;

type FileKinds = Omit<Kinds, 'host-config'>;

export class DesiredFiles {
  readonly complaints = new Complaints();
  readonly tree: DesiredTree;
  readonly #root: string;
  readonly #fleet = new Memo<Loaded<Kinds['fleet']> | undefined>();
  readonly #rules = new Memo<Loaded<Kinds['trust-rules']> | undefined>();
  readonly #hosts = new Memo<Loaded<Kinds['host']> | undefined>();
  readonly #guests = new Memo<Loaded<Kinds['guest']> | undefined>();
  readonly #boxes = new Memo<Loaded<Kinds['box']> | undefined>();
  readonly #recipes = new Memo<Loaded<Kinds['recipe']> | undefined>();
  readonly #folders = new Memo<readonly GuestFile[]>();
  readonly #listed = new Memo<readonly TreeEntry[]>();

  /** @param root folder of the desired state in the repository; '' or '.' for the repository itself */
  constructor(tree: DesiredTree, root: string) {
    this.tree = tree;
    this.#root = root
      .split('/')
      .filter((part) => part !== '' && part !== '.')
      .join('/');
  }

  /** Path in the repository of a path in the desired state. */
  path(inside: string): string {
    if (inside === '') return this.#root;
    return this.#root === '' ? inside : `${this.#root}/${inside}`;
  }

  /** Path in the desired state of a path in the repository. */
  inside(path: string): string {
    return this.#root === '' ? path : path.slice(this.#root.length + 1);
  }

  fleet(): Promise<Loaded<Kinds['fleet']> | undefined> {
    return this.#fleet.get('', () => this.#load('fleet', 'fleet.yaml'));
  }

  trustRules(): Promise<Loaded<Kinds['trust-rules']> | undefined> {
    return this.#rules.get('', () => this.#load('trust-rules', 'trust/rules.yaml'));
  }

  host(name: string): Promise<Loaded<Kinds['host']> | undefined> {
    return this.#hosts.get(name, () => this.#loadNamed('host', `hosts/${name}.yaml`, name));
  }

  guest(name: string): Promise<Loaded<Kinds['guest']> | undefined> {
    return this.#guests.get(name, () => this.#loadNamed('guest', `guests/${name}/guest.yaml`, name));
  }

  /** The files beside a guest's `guest.yaml`. */
  guestFolder(name: string): Promise<readonly GuestFile[]> {
    return this.#folders.get(name, () =>
      readGuestFolder(this.tree, this.path(`guests/${name}`), this.complaints),
    );
  }

  box(name: string): Promise<Loaded<Kinds['box']> | undefined> {
    return this.#boxes.get(name, () => this.#loadNamed('box', `boxes/${name}.yaml`, name));
  }

  recipe(name: string): Promise<Loaded<Kinds['recipe']> | undefined> {
    return this.#recipes.get(name, () => this.#loadNamed('recipe', `boxes/${name}.recipe.yaml`, name));
  }

  /** Names of all recipes, by the paths alone. */
  async recipeNames(): Promise<readonly string[]> {
    const names = (await this.list('boxes')).map(({ path }) => RECIPE.exec(this.inside(path))?.[1]);
    return names.filter((name) => name !== undefined);
  }

  /** Entries of a folder and all below it. */
  list(folder: Listed | 'trust'): Promise<readonly TreeEntry[]> {
    return this.#listed.get(folder, () => this.tree.list(this.path(folder)));
  }

  /** Names that have a file in a folder, by the paths alone. */
  async names(folder: Listed): Promise<readonly string[]> {
    const names = (await this.list(folder)).map(({ path }) => NAMED[folder].exec(this.inside(path))?.[1]);
    return [...new Set(names.filter((name) => name !== undefined))];
  }

  /** The entry at a path in the desired state. */
  entry(inside: string): Promise<TreeEntry | undefined> {
    return this.tree.entry(this.path(inside));
  }

  async #loadNamed<K extends 'host' | 'guest' | 'box' | 'recipe'>(
    kind: K,
    inside: string,
    name: string,
  ): Promise<Loaded<Kinds[K]> | undefined> {
    const loaded = await this.#load(kind, inside);
    if (loaded !== undefined && loaded.data.name !== name) {
      const place = loaded.yaml.place(pointer('name'));
      this.complaints.add(
        place,
        `name "${loaded.data.name}" must be "${name}": the file is called ${inside}`,
      );
    }
    return loaded;
  }

  async #load<K extends keyof FileKinds>(kind: K, inside: string): Promise<Loaded<Kinds[K]> | undefined> {
    const content = await this.#read(inside);
    if (content === undefined) return undefined;
    const read = await readYaml(content, this.path(inside));
    if (!read.ok) {
      this.complaints.addAll(read.complaints);
      return undefined;
    }
    const checked: Checked<Kinds[K]> = await checkSchema(kind, read.yaml);
    if (checked.ok) return { data: checked.data, yaml: read.yaml };
    this.complaints.addAll(checked.complaints);
    return undefined;
  }

  async #read(inside: string): Promise<Buffer | undefined> {
    const entry = await this.entry(inside);
    const place = { file: this.path(inside) };
    if (entry === undefined) {
      this.complaints.add(place, `is missing${await this.#insteadOf(inside)}`);
      return undefined;
    }
    if (entry.kind !== 'file' && entry.kind !== 'executable') {
      this.complaints.add(place, `must be a regular file, not ${KIND_IN_WORDS[entry.kind]}`);
      return undefined;
    }
    if (entry.size > LARGEST_YAML) {
      this.complaints.add(place, `is ${showBytes(entry.size)} long; the most is ${showBytes(LARGEST_YAML)}`);
      return undefined;
    }
    return await this.tree.read(entry);
  }

  /** What is there in place of a missing file, if that can be told. */
  async #insteadOf(inside: string): Promise<string> {
    const other = inside.replace(/\.yaml$/, '.yml');
    if ((await this.entry(other)) !== undefined) return `: rename ${other} to it`;
    if (inside === 'fleet.yaml' && this.#root !== '' && (await this.tree.entry(this.#root)) === undefined) {
      return `: there is no folder ${this.#root} in ${this.tree.revision}`;
    }
    const host = /^hosts\/(.+)\.yaml$/.exec(inside)?.[1];
    if (host === undefined) return '';
    return `: no host is called ${host}${didYouMean(host, await this.names('hosts'))}`;
  }
}

/** Each asker gets the same answer; what is asked for twice is made once. */
class Memo<T> {
  readonly #known = new Map<string, Promise<T>>();
  get(key: string, make: () => Promise<T>): Promise<T> {
    const found = this.#known.get(key) ?? make();
    this.#known.set(key, found);
    return found;
  }
}
