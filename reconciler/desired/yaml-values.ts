/**
 * From a parsed YAML document to plain data, with the place of each value. Aliases are followed, within limits, and what
 * YAML allows but nobody can mean (keys that are no text, the same key twice) is a mistake.
 * Loads the parser: import it when there is something to read.
 */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml';
import { pointer as pointerTo } from './json-pointer.ts';
import { MOST_ALIASES, MOST_VALUES } from './limits.ts';

/** Offsets in the text, by JSON Pointer. `written`: the text of a value without quotes. */
export type YamlPlaces = ReadonlyMap<
  string,
  { readonly key?: number; readonly value: number; readonly written?: string }
>;

export type Plain = {
  readonly value: unknown;
  readonly places: YamlPlaces;
  readonly mistakes: readonly { readonly offset: number; readonly message: string }[];
};

export function toPlain(document: Document.Parsed): Plain {
  const reader = new Reader();
  const value = document.contents === null ? null : reader.read(document.contents, '', undefined);
  return { value, places: reader.places, mistakes: reader.mistakes };
}

type NodeIn = Node | null;

class Reader {
  readonly places = new Map<string, { key?: number; value: number; written?: string }>();
  readonly mistakes: { offset: number; message: string }[] = [];
  readonly #anchors = new Map<string, NodeIn>();
  /** Anchored values that are being read: an alias to one of them would have no end. */
  readonly #open = new Set<NodeIn>();
  #aliases = 0;
  #values = 0;

  /** @param key offset of the key that the value has, if it has one */
  read(node: NodeIn, at: string, key: number | undefined): unknown {
    const offset = node?.range?.[0] ?? key ?? 0;
    this.#values += 1;
    if (this.#values === MOST_VALUES + 1) {
      this.#complain(offset, `there are more than ${MOST_VALUES} values in this file, aliases followed`);
    }
    if (this.#values > MOST_VALUES) return null;
    if (isAlias(node)) return this.#follow(node, at, key);
    const written = isScalar(node) && node.type === 'PLAIN' ? node.source : undefined;
    this.places.set(at, {
      value: offset,
      ...(key === undefined ? {} : { key }),
      ...(written === undefined ? {} : { written }),
    });
    if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor) this.#anchors.set(node.anchor, node);
    this.#open.add(node);
    const value = this.#valueOf(node, at);
    this.#open.delete(node);
    return value;
  }

  #valueOf(node: NodeIn, at: string): unknown {
    if (node === null) return null;
    if (isScalar(node)) return node.value;
    if (isMap(node)) return this.#readMap(node, at);
    if (!isSeq(node)) return null;
    return node.items.map((item, index) => this.read(nodeIn(item), at + pointerTo(index), undefined));
  }

  #readMap(map: YAMLMap, at: string): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    const seen = new Set<string>();
    for (const pair of map.items) {
      const key = this.#keyOf(pair, map);
      if (key === undefined) continue;
      if (seen.has(key.text)) this.#complain(key.offset, `key \`${key.text}\` is here twice`);
      seen.add(key.text);
      const item = this.read(nodeIn(pair.value), at + pointerTo(key.text), key.offset);
      Object.defineProperty(value, key.text, {
        value: item,
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
    return value;
  }

  #keyOf(pair: Pair, map: YAMLMap): { readonly text: string; readonly offset: number } | undefined {
    const node = nodeIn(pair.key);
    const offset = node?.range?.[0] ?? map.range?.[0] ?? 0;
    if (isScalar(node) && typeof node.value === 'string') return { text: node.value, offset };
    this.#complain(offset, isScalar(node) ? 'a key must be text: put it in quotes' : 'a key must be text');
    return undefined;
  }

  #follow(alias: Alias, at: string, key: number | undefined): unknown {
    const offset = alias.range?.[0] ?? 0;
    this.#aliases += 1;
    if (this.#aliases === MOST_ALIASES + 1) {
      this.#complain(offset, `there are more than ${MOST_ALIASES} aliases in this file`);
    }
    if (this.#aliases > MOST_ALIASES) return null;
    const target = this.#anchors.get(alias.source);
    if (target === undefined) {
      this.#complain(offset, `alias *${alias.source} stands for nothing: no &${alias.source} before it`);
      return null;
    }
    if (this.#open.has(target)) {
      this.#complain(offset, `alias *${alias.source} stands within what it stands for`);
      return null;
    }
    return this.read(target, at, key);
  }

  #complain(offset: number, message: string): void {
    this.mistakes.push({ offset, message });
  }
}

/** A parsed document holds nodes and null only; the parser's types are wider, for documents made by hand. */
function nodeIn(value: unknown): NodeIn {
  return isNode(value) ? value : null;
}
