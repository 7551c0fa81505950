/** Made by setup/generate-types.mjs from desired-state/schema/host-config.json: change that, not this. */

export type PublicKey = string;
export type Fingerprint = string;
/**
 * Program and arguments that reboot this host, for where the desired state asks for that. Without it, `/sbin/shutdown -r now`, with `sudo -n` before it where the reconciler is not root.
 *
 * @minItems 1
 * @maxItems 256
 */
export type Argv = [string, ...string[]];
/**
 * Program and arguments that take a mail on standard input, with what `sendmail` takes after them. Without it, `/usr/sbin/sendmail`.
 *
 * @minItems 1
 * @maxItems 256
 */
export type Argv1 = [string, ...string[]];
/**
 * A program and its arguments, run without a shell; what it prints, without its last newline, is the value. For the macOS Keychain, `age`, `sops`, `op` and the like.
 *
 * @minItems 1
 * @maxItems 256
 */
export type Argv2 = [string, ...string[]];

/**
 * `host.yaml`: the host's own file, `/etc/boxreeve/host.yaml` or the one that `--config` names. It holds what may not stand in the infra repo. Paths may begin with `~/`; a relative one counts from the folder of this file.
 */
export interface HostConfig {
  /**
   * Version of the file format. There is one so far; it may be left out.
   */
  apiVersion?: 'boxreeve/v1';
  /**
   * Says which kind of file this is; may be left out.
   */
  kind?: 'HostConfig';
  /**
   * Name of this host: `hosts/<name>.yaml` of the desired state is about it.
   */
  name: string;
  /**
   * The infra repo: an address that Git understands, or a path on this machine.
   */
  repo: string;
  /**
   * Another repository to look for this host's own records in when it has lost its state, besides the infra repo. Where it is the one that `audit.repo` of `fleet.yaml` names, the host leaves no word in the infra repo of where its records are, and need not be able to push there.
   */
  auditRepo?: string;
  /**
   * Branch of the infra repo that this host follows.
   */
  branch?: string;
  /**
   * Folder of the desired state in the infra repo; `.` is the repository itself.
   */
  path?: string;
  /**
   * Folder in which the reconciler keeps its mirror, its memory and its guests. Without it, /var/lib/boxreeve, and /usr/local/var/boxreeve on macOS.
   */
  stateDir?: string;
  /**
   * Private SSH key with which this host signs its audit records. Its public half is `auditKey` in the host's YAML.
   */
  signingKey: string;
  /**
   * How often the infra repo is asked for news; some jitter is added. At least a second. Hosts of a fleet of hundreds ask less often, so that all of them together stay below what a forge takes.
   */
  poll?: string;
  /**
   * Full id of a commit of the infra repo that you know to be right. The first that this host follows must descend from it, and whose signatures count is read from there on. Without it, the first tip a new host is shown is believed.
   */
  firstCommit?: string;
  /**
   * Public SSH key that you know to be an approver's. A new host goes by the newest commit on the branch that it signed, and whose signatures count is read from there on. Instead of `firstCommit`.
   */
  firstKey?: string;
  /**
   * Keys whose signatures this host believes no more, whatever the infra repo says: public SSH keys, and fingerprints of OpenPGP keys. It counts from the next poll on, also if the branch did not move. For an emergency; otherwise take the key out of `trust/approvers`.
   *
   * @maxItems 1000
   */
  revokedKeys?: (PublicKey | Fingerprint)[];
  rebootCommand?: Argv;
  /**
   * Folder of box files: those being fetched, and those that are kept for the next version and for other hosts. On the same disk as VAGRANT_HOME it needs least room. Without it, `boxes` in `stateDir`.
   */
  boxesDir?: string;
  /**
   * Most bytes a second that this host fetches boxes with, from all sources together, such as `20MiB`. Without it, as fast as it goes.
   */
  downloadLimit?: string;
  /**
   * How this host gets at sources that begin with `sftp://`.
   */
  sftp?: {
    /**
     * Private SSH key, without a passphrase. Without it, the keys of the agent at SSH_AUTH_SOCK.
     */
    key?: string;
    /**
     * File of the host keys that are known, in the form of OpenSSH's known_hosts: a server that is not in it is not talked to. Without it, `~/.ssh/known_hosts`.
     */
    knownHosts?: string;
  };
  /**
   * VAGRANT_HOME for every call of Vagrant. Without it the environment's, else `~/.vagrant.d`.
   */
  vagrantHome?: string;
  /**
   * Whether this host may be the one that tells others what becomes of changes (`notify` of `fleet.yaml`). Without it, it may if it has all secrets that are named there, and one is.
   */
  notify?: boolean;
  sendmail?: Argv1;
  /**
   * Where the values of secrets come from, by the secrets' names.
   */
  secrets?: {
    [k: string]: SecretSource;
  };
}
/**
 * One of `file`, `env` and `exec`.
 */
export interface SecretSource {
  /**
   * A file that holds the value. One that others can read is refused.
   */
  file?: string;
  /**
   * An environment variable of the reconciler.
   */
  env?: string;
  exec?: Argv2;
}
