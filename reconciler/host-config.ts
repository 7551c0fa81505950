/** The host's own file, `host.yaml`: what may not be in the infra repo. Read and checked by `daemon/load-host-config.ts`. */

/** Where the value of a secret comes from on this host. */
export type SecretSource =
  | { readonly file: string }
  | { readonly env: string }
  /** Argument vector; standard output, without its last newline, is the value. */
  | { readonly exec: readonly string[] };

export type HostConfig = {
  /** The file it was read from, absolute. */
  readonly file: string;
  readonly name: string;
  /** URL or path of the infra repo. */
  readonly repo: string;
  /** Where this host's records may be besides the infra repo, by the word of this machine; null: nowhere. */
  readonly auditRepo: string | null;
  readonly branch: string;
  /** Folder of the desired state in the infra repo. */
  readonly path: string;
  /** Absolute. */
  readonly stateDir: string;
  /** Private SSH key of this host, absolute; its public key stands in the host's YAML as `auditKey`. */
  readonly signingKey: string;
  /** The commit that the first one followed must descend from; null: the first tip seen is believed. */
  readonly firstCommit: string | null;
  /** `ssh-ed25519 AAAA…` that signed the commit to begin from; null: none is pinned. */
  readonly firstKey: string | null;
  /** Keys that count for nothing any more: `ssh-ed25519 AAAA…`, or `openpgp:` and a fingerprint. */
  readonly revokedKeys: readonly string[];
  /** Milliseconds between polls. */
  readonly poll: number;
  readonly secrets: Readonly<Record<string, SecretSource>>;
  /** Whether it may be the host that notifies; null: if it has the secrets for it. */
  readonly notify: boolean | null;
  /** Program and arguments that take a mail. */
  readonly sendmail: readonly string[];
  /** Program and arguments that reboot this host. */
  readonly rebootCommand: readonly string[];
  /** Folder of `.box` files. Absolute. */
  readonly boxesDir: string;
  /** Most bytes a second that boxes are fetched with; null: no limit. */
  readonly downloadLimit: number | null;
  readonly sftp: {
    /** Private SSH key, absolute; null: the agent's keys. */
    readonly key: string | null;
    /** In OpenSSH's form, absolute. */
    readonly knownHosts: string;
  };
  /** VAGRANT_HOME for every call; from host.yaml, else the environment, else `~/.vagrant.d`. Absolute. */
  readonly vagrantHome: string;
};
