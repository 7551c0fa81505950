/** Made by setup/generate-types.mjs from desired-state/schema/host.json: change that, not this. */

/**
 * `hosts/<name>.yaml`: a physical machine that runs one reconciler, and the guests it is to have.
 */
export interface Host {
  /**
   * Version of the file format. There is one so far; it may be left out.
   */
  apiVersion?: 'boxreeve/v1';
  /**
   * Says which kind of file this is.
   */
  kind: 'Host';
  /**
   * Name of the host: the name of this file without `.yaml`, and `name` in the host's own `host.yaml`.
   */
  name: string;
  /**
   * Labels by which waves select hosts.
   *
   * @maxItems 64
   *
   * Items: A name of a host, a guest, a label or a window: lower-case letters, digits, `.`, `_` and `-`, at most 63 characters. It names files, folders and Git branches, so it begins with a letter or digit, holds no `..`, and ends in neither `.` nor `.lock`.
   */
  labels?: string[];
  /**
   * Public SSH key with which the host signs its audit records, as in its `.pub` file: `ssh-keygen -t ed25519 -N '' -C builder1 -f KEY` makes it.
   */
  auditKey: string;
  /**
   * The key that is about to follow `auditKey`: while both are here, the host may sign with either.
   */
  nextAuditKey?: string;
  /**
   * Keys of this host that were stolen, or may have been. They stay revoked, also when they are taken off this list.
   *
   * @maxItems 64
   */
  revokedAuditKeys?: {
    /**
     * The public key.
     */
    key: string;
    /**
     * Commit on the audit branch, or id, of the last record that the key is vouched for; without it, what other hosts witnessed before they followed this counts.
     */
    lastRecord?: string;
  }[];
  /**
   * A name of a host, a guest, a label or a window: lower-case letters, digits, `.`, `_` and `-`, at most 63 characters. It names files, folders and Git branches, so it begins with a letter or digit, holds no `..`, and ends in neither `.` nor `.lock`.
   */
  window?: string;
  reboot?: Reboot;
  keep?: Keep;
  /**
   * Where other hosts can read this host's box files, by its own sshd and SFTP alone: `boxreeve init --sshd` prints the settings of sshd that this asks for, and `boxreeve doctor` checks them. Without it, nobody fetches boxes from this host.
   */
  peer?: {
    /**
     * Host name or IP address under which the other hosts reach it.
     */
    address: string;
    /**
     * Port of sshd.
     */
    port?: number;
    /**
     * User of the host that may do nothing but read box files.
     */
    user?: string;
    /**
     * Public host key of its sshd, as `ssh-keyscan -t ed25519 ADDRESS` or `/etc/ssh/ssh_host_ed25519_key.pub` has it. Another one is not talked to.
     */
    hostKey: string;
    /**
     * Folder of the box files as this user sees it.
     */
    folder?: string;
  };
  /**
   * Names of the guests this host is to have, each a folder in `guests/`. A guest taken off the list is removed from the host.
   *
   * @maxItems 64
   *
   * Items: A name of a host, a guest, a label or a window: lower-case letters, digits, `.`, `_` and `-`, at most 63 characters. It names files, folders and Git branches, so it begins with a letter or digit, holds no `..`, and ends in neither `.` nor `.lock`.
   */
  guests: string[];
}
/**
 * When this host is rebooted, instead of `defaults.reboot` of `fleet.yaml`.
 */
export interface Reboot {
  /**
   * Longest time since it was last booted, by whatever hand, such as `7d`; at the host's own minute of the window. `never`: not for its age.
   */
  every?: string;
  /**
   * Name of a change that needs a reboot, such as `macos-14.6`: each new name here reboots the host once.
   */
  after?: string;
}
/**
 * Which boxes this host keeps, instead of `defaults.keep` of `fleet.yaml`.
 */
export interface Keep {
  /**
   * So many other versions of each box of the catalogue stay in Vagrant's store, the newest ones. Without it, none.
   */
  older?: number;
  /**
   * Whether the `.box` file of a box that is kept stays once Vagrant has it, so that other hosts can fetch it from here and the next version costs only what changed. Without it: where the catalogue has `chunks` or a source `peers:` for it.
   */
  files?: boolean;
}
