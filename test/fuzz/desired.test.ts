/** What a commit says, and host.yaml: YAML that anyone with push right may have written. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { loadHostConfig } from '../../reconciler/daemon/load-host-config.ts';
import { checkSchema, type Kinds } from '../../reconciler/desired/check-schema.ts';
import { MOST_COMPLAINTS, MOST_VALUES } from '../../reconciler/desired/limits.ts';
import { keyItself, publicKeyProblem } from '../../reconciler/desired/public-key.ts';
import { readYaml } from '../../reconciler/desired/read-yaml.ts';
import { resolveHost } from '../../reconciler/desired/resolve.ts';
import { validateAll } from '../../reconciler/desired/validate.ts';
import { parseDuration, showDuration } from '../../reconciler/duration.ts';
import { type Complaint, InvalidDesiredState, InvalidHostConfig } from '../../reconciler/errors.ts';
import { FILES } from '../unit/desired/complaints-of.ts';
import { BOX, FLEET, GUEST, goodFleet, HOST, KEYS, memoryTree } from '../unit/desired/memory-tree.ts';
import { expectOneLine, expectPlain, holds, thrownBy } from './holds.ts';
import { damaged, damagedText } from './mutate.ts';
import { damagedValue } from './mutate-value.ts';

const HOST_YAML = `name: builder1
repo: https://git.example.org/infra.git
branch: main
path: desired-state
stateDir: /var/lib/boxreeve
signingKey: /etc/boxreeve/id_ed25519
firstCommit: ${'4f2c1a9'.padEnd(40, '0')}
poll: 1m30s
secrets:
  VSTS_TOKEN: { file: secrets/token }
  PLAIN: { env: PLAIN }
  KEYCHAIN: { exec: [security, find-generic-password, -w] }
rebootCommand: [sudo, -n, /sbin/shutdown, -r, now]
`;
const RULES = `kind: TrustRules
forges: [forge@example.org]
rules:
  - { paths: [hosts/], approvers: [ada@example.org], signatures: 1 }
  - { paths: [trust/, "guests/*/init.sh", "**/x"], signatures: 2 }
`;
const RECIPE = `kind: Recipe
name: common-box
box: azure-ci-node
provider: lxc
version: "{yyyy}.{m}.{d}"
builders: { hosts: [builder1], labels: [catalina] }
sources: ["peers:", "https://example.org/{version}/{sha256}.box"]
rebuild: { every: 7d }
timeouts: { command: 1h, up: 1h, shutdown: 5m, package: 1h }
stages:
  - { name: base, command: [make-base, "{input}"], output: out/base.box, env: { A: b }, secrets: [TOKEN] }
  - { name: common, vagrant: { base: { box: base, version: "1.0" }, wait: shutdown, vagrantfile: Boxfile } }
`;
const SAMPLES: Readonly<Record<keyof Kinds, string>> = {
  fleet: FLEET,
  host: HOST,
  guest: GUEST,
  box: BOX,
  recipe: RECIPE,
  'host-config': HOST_YAML,
  'trust-rules': RULES,
};
const ALIASES = 'a: &a [1, 2, { b: &b "x" }]\nc: [*a, *b, *a]\nd: { <<: 1 }\n"é~/": |\n  text\n';
const YAML = [...Object.values(SAMPLES), ALIASES];

function expectComplaints(complaints: readonly Complaint[], content: Buffer): void {
  expect(complaints.length).toBeGreaterThan(0);
  expect(complaints.length).toBeLessThanOrEqual(MOST_COMPLAINTS + 1);
  for (const { place, message } of complaints) {
    expect(message).not.toBe('');
    expectOneLine(message);
    if (/undefined|\[object/.test(message) && !/undefined|\[object/.test(content.toString()))
      expect(message).toBe('a message about the file');
    expectInside(place, content);
  }
}

/** Lines are told apart as the parser does, by line feeds. */
function expectInside(place: { readonly line?: number; readonly column?: number }, content: Buffer): void {
  if (place.line === undefined) return;
  const lines = content.toString('utf8').split('\n');
  expect(place.line).toBeGreaterThan(0);
  expect(place.line).toBeLessThanOrEqual(lines.length);
  expect(place.column).toBeGreaterThan(0);
  expect(place.column).toBeLessThanOrEqual((lines[place.line - 1]?.length ?? 0) + 1);
}

describe('a YAML file', () => {
  it('is read as plain data with places in it, or complained of at places in it', async () => {
    await holds(damaged(YAML), async (content) => {
      const read = await readYaml(content, 'x.yaml');
      if (!read.ok) return expectComplaints(read.complaints, content);
      expectPlain(read.yaml.value);
      for (const pointer of pointersOf(read.yaml.value)) {
        expectInside(read.yaml.place(pointer), content);
        expectInside(read.yaml.keyPlace(pointer), content);
      }
    });
  });

  it.each<keyof Kinds>(['fleet', 'host', 'guest', 'box', 'recipe', 'host-config', 'trust-rules'])(
    'is a %s of the schema, or complained of in few and short words',
    async (kind) => {
      const own = SAMPLES[kind];
      const value: unknown = await dataOf(own);
      const cases = fc.oneof(
        damaged([own]),
        damagedValue([value]).map((changed) => Buffer.from(JSON.stringify(changed) ?? 'null')),
      );
      await holds(cases, async (content) => {
        const read = await readYaml(content, 'x.yaml');
        if (!read.ok) return;
        const checked = await checkSchema(kind, read.yaml);
        if (checked.ok) return;
        expectComplaints(checked.complaints, content);
        for (const { message } of checked.complaints) expect(message.length).toBeLessThan(1000);
      });
    },
  );

  it('never makes a host do anything but follow or refuse, and validate agrees with the host', async () => {
    const file = fc.constantFrom<keyof typeof FILES>('fleet', 'host', 'guest', 'box', 'approvers');
    const cases = fc.record({
      file,
      content: damaged([FLEET, HOST, GUEST, BOX, `ada@example.org ${KEYS.approver}\n`]),
    });
    await holds(cases, async ({ file, content }) => {
      const tree = memoryTree(goodFleet({ [FILES[file]]: { content } }));
      const error = await thrownBy(() => resolveHost(tree, 'desired-state', 'builder1'));
      const { complaints } = await validateAll(tree, 'desired-state');
      expect(complaints.length > 0).toBe(error !== undefined);
      if (error === undefined) return;
      expect(error).toBeInstanceOf(InvalidDesiredState);
      if (!(error instanceof InvalidDesiredState)) return;
      for (const { place, message } of error.complaints) {
        expect(place.file).toMatch(/^desired-state\//);
        expectOneLine(message);
      }
    });
  });

  it('as shipped, is valid', async () => {
    const folder = new URL('../../desired-state/hosts/', import.meta.url);
    for (const name of readdirSync(folder)) {
      const read = await readYaml(readFileSync(new URL(name, folder)), name);
      expect(read.ok && (await checkSchema('host', read.yaml)).ok).toBe(true);
    }
  });
});

describe('host.yaml', () => {
  const folder = mkdtempSync(join(tmpdir(), 'boxreeve-fuzz-config-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is read with absolute paths in it, or complained of a line a mistake', async () => {
    const file = join(folder, 'host.yaml');
    await holds(damaged([HOST_YAML]), async (content) => {
      writeFileSync(file, content);
      const loaded = await loadHostConfig(file).catch((error: unknown) => error);
      if (loaded instanceof InvalidHostConfig) {
        for (const line of loaded.message.split('\n')) {
          expect(line.startsWith(`${file}`)).toBe(true);
          expectOneLine(line);
        }
        return;
      }
      if (loaded instanceof Error || typeof loaded !== 'object' || loaded === null) throw loaded;
      expect(loaded).toMatchObject({ file, name: expect.any(String), poll: expect.any(Number) });
      for (const name of ['stateDir', 'signingKey', 'vagrantHome'])
        expect(isAbsolute(String(Object.getOwnPropertyDescriptor(loaded, name)?.value))).toBe(true);
    });
  });
});

describe('a public key', () => {
  it('is taken only if it is one line, of a known type, and whole', async () => {
    await holds(damagedText([KEYS.builder1, KEYS.approver]), (line) => {
      const problem = publicKeyProblem(line);
      if (problem !== undefined) return expectOneLine(problem);
      const [type = '', encoded = '', ...rest] = keyItself(line).split(' ');
      expect(rest).toEqual([]);
      expect(type).toMatch(/^[a-z0-9@.-]+$/);
      expect(encoded).toMatch(/^[A-Za-z0-9+/]+=*$/);
      expect(
        Buffer.from(encoded, 'base64')
          .subarray(4, 4 + type.length)
          .toString('latin1'),
      ).toBe(type);
      expect(line.trim()).not.toMatch(/[\r\n]/);
    });
  });
});

describe('a duration', () => {
  it('is a whole number of milliseconds, or none', async () => {
    await holds(damagedText(['30s', '90m', '1h30m', '1d', '12d5h']), (text) => {
      const ms = parseDuration(text);
      if (ms === undefined) return;
      expect(Number.isSafeInteger(ms) && ms >= 0).toBe(true);
      expect(text).toMatch(/^[0-9dhms]+$/);
      expectOneLine(showDuration(ms));
    });
  });
});

async function dataOf(text: string): Promise<unknown> {
  const read = await readYaml(Buffer.from(text), 'own.yaml');
  if (!read.ok) throw new Error('a sample is not valid');
  return read.yaml.value;
}

/** JSON Pointers of what is in a value, and of something that is not. */
function pointersOf(value: unknown): string[] {
  const found = ['', '/nothing/here'];
  const waiting: [string, unknown][] = [['', value]];
  for (
    let next = waiting.pop();
    next !== undefined && found.length < Math.min(200, MOST_VALUES);
    next = waiting.pop()
  ) {
    const [at, inner] = next;
    if (typeof inner !== 'object' || inner === null) continue;
    for (const [key, item] of Object.entries(inner)) {
      const pointer = `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      found.push(pointer);
      waiting.push([pointer, item]);
    }
  }
  return found;
}
