/** Made by setup/generate-types.mjs from desired-state/schema/box.json: change that, not this. */

/**
 * `boxes/<name>.yaml`: the versions of one Vagrant box that guests may be built from.
 */
export interface Box {
  /**
   * Version of the file format. There is one so far; it may be left out.
   */
  apiVersion?: 'boxreeve/v1';
  /**
   * Says which kind of file this is.
   */
  kind: 'Box';
  /**
   * Name of the box: the path of this file in `boxes/` without `.yaml`, so that `acme/node` stands in `boxes/acme/node.yaml`.
   */
  name: string;
  /**
   * Versions, in any order. A version never changes: other content is another version.
   *
   * @minItems 1
   */
  versions: [Version, ...Version[]];
}
/**
 * One `.box` file.
 */
export interface Version {
  /**
   * Version of a box, as Vagrant (Ruby's Gem::Version) understands it, such as `2022.2.24`. Always text: `2022.10` without quotes is the number 2022.1 to YAML, so put it in quotes.
   */
  version: string;
  /**
   * Vagrant provider that the file is for. The same version may stand here once for each provider.
   */
  provider: string;
  /**
   * SHA-256 of the `.box` file: what `shasum -a 256 FILE` prints. A file with another digest is never added.
   */
  sha256: string;
  /**
   * Size of the `.box` file in bytes; room for it is made sure of before it is fetched.
   */
  size: number;
  /**
   * Where the file can be had, tried in order: `peers:` (other hosts of the fleet), or an address with `file://`, `https://`, `http://`, `sftp://`, `oci://` or `s3://`. The digest is checked whatever the source. No user names with passwords: they would be in Git.
   *
   * @minItems 1
   * @maxItems 64
   */
  sources: [string, ...string[]];
  /**
   * SHA-256 of the file's chunk list, which lies beside the file as `<address>.chunks`; `boxreeve box build` and `box import` make both. With it a host fetches only what its older files of the box lack, from several hosts at once, and each piece is judged as it comes.
   */
  chunks?: string;
  /**
   * Digest over everything that the recipe built the file from, as `boxreeve box build` found it: what has been built once is not built again.
   */
  inputs?: string;
  /**
   * Name of the recipe that the box is built by, if Boxreeve can build it.
   */
  recipe?: string;
}
