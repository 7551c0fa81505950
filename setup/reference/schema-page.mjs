/** A page of the reference from a JSON Schema: a table of keys for each object in it. */

/**
 * @param schema the schema, parsed
 * @param load gives another schema by its file name; a string instead, where a link to its page is to stand for it
 * @param heading level of the first heading
 */
export function schemaSections(schema, load, heading = 1) {
  const sections = [];
  const told = new Set();
  tell(schema, schema, '');
  return sections.join('\n');

  /** `path` is '' for the document, else such as `defaults.recycle` or `versions[]`. */
  function tell(node, root, path) {
    const mark = '#'.repeat(path === '' ? heading : heading + 1);
    const title = path === '' ? node.title : `\`${path}\``;
    const lines = [`${mark} ${title}`, '', ...(node.description ? [node.description, ''] : [])];
    const inner = [];
    for (const variant of variantsOf(node, root)) {
      const rows = rowsOf(variant.node, variant.root, path, inner);
      if (rows.length === 0) continue;
      if (variant.title) lines.push(`${variant.title}`, '');
      lines.push('| key | value | meaning |', '| --- | --- | --- |', ...rows, '');
    }
    sections.push(lines.join('\n'));
    for (const next of inner) tell(next.node, next.root, next.path);
  }

  function rowsOf(node, root, path, inner) {
    return Object.entries(node.properties ?? {}).map(([key, child]) => {
      const at = path === '' ? key : `${path}.${key}`;
      const seen = resolve(child, root);
      const deeper = objectWithin(seen, at);
      if (deeper !== null && !told.has(deeper.path)) {
        told.add(deeper.path);
        inner.push(deeper);
      }
      const required = node.required?.includes(key) ? ' **required**' : '';
      const fallback = 'default' in seen.node ? `; default \`${seen.node.default}\`` : '';
      const value = `${inWords(seen.node, seen.root)}${fallback}`;
      return `| \`${key}\`${required} | ${cell(value)} | ${cell(seen.node.description ?? '')} |`;
    });
  }

  /** Where an object's keys are told in a section of their own. */
  function objectWithin({ node, root }, path) {
    if (node.properties || node.oneOf) return { node, root, path };
    if (node.anyOf) {
      const objects = node.anyOf.map((one) => resolve(one, root)).filter((one) => one.node.properties);
      return objects.length === 1 ? { ...withDescription(objects[0], node), path } : null;
    }
    if (node.type === 'array' && node.items) return objectWithin(resolve(node.items, root), `${path}[]`);
    const values = node.additionalProperties;
    if (values && typeof values === 'object') return objectWithin(resolve(values, root), `${path}.<name>`);
    return null;
  }

  function withDescription(found, { description }) {
    return description && !found.node.description
      ? { ...found, node: { ...found.node, description } }
      : found;
  }

  /** The forms that an object may have; one, for most. */
  function variantsOf(node, root) {
    if (!node.oneOf) return [{ node, root, title: null }];
    return node.oneOf.map((one) => {
      const seen = resolve(one, root);
      return { ...seen, title: seen.node.description ?? seen.node.title ?? null };
    });
  }

  function inWords(node, root) {
    if (node['x-link']) return node['x-link'];
    if ('const' in node) return `\`${node.const}\``;
    if (node.enum) return node.enum.map((value) => `\`${value}\``).join(', ');
    if (node['x-form']) return node['x-form'];
    if (node.anyOf) return node.anyOf.map((one) => wordsOf(one, root)).join(', or ');
    if (node.oneOf) return 'keys, as below';
    if (Array.isArray(node.type)) {
      return node.type
        .map((type) => (type === 'null' ? 'nothing (null)' : inWords({ ...node, type }, root)))
        .join(', or ');
    }
    switch (node.type) {
      case 'string':
        return node.pattern && !node['x-form'] ? `text that matches \`${node.pattern}\`` : 'text';
      case 'boolean':
        return '`true`, `false`';
      case 'integer':
      case 'number':
        return `${node.type === 'integer' ? 'whole number' : 'number'}${'minimum' in node ? `, at least ${node.minimum}` : ''}`;
      case 'array':
        return node.items ? `list of: ${wordsOf(node.items, root)}` : 'list';
      case 'null':
        return 'nothing (null)';
      case 'object':
        if (node.properties) return 'keys, as below';
        return node.additionalProperties && typeof node.additionalProperties === 'object'
          ? `by name: ${wordsOf(node.additionalProperties, root)}`
          : 'keys and values';
      default:
        return 'anything';
    }
  }

  function wordsOf(child, root) {
    const seen = resolve(child, root);
    return inWords(seen.node, seen.root);
  }

  /** Follows `$ref`; what stands beside it wins. */
  function resolve(node, root) {
    if (!node.$ref) return { node, root };
    const [file, pointer] = node.$ref.split('#');
    const home = file === '' ? root : load(file.split('/').at(-1));
    if (typeof home === 'string') return { node: { ...node, $ref: undefined, 'x-link': home }, root };
    let target = home;
    for (const step of (pointer ?? '').split('/').slice(1)) {
      target = target[step.replaceAll('~1', '/').replaceAll('~0', '~')];
    }
    if (target === undefined) throw new Error(`${node.$ref} leads nowhere`);
    const { $ref: _, ...beside } = node;
    const reached = resolve(target, home);
    return { node: { ...reached.node, ...beside }, root: reached.root };
  }
}

/** Text that cannot end its table cell. */
export function cell(text) {
  return text
    .replaceAll('|', '\\|')
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim();
}
