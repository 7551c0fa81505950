/** Made by setup/generate-types.mjs from desired-state/schema/recipe.json: change that, not this. */

/**
 * A program and its arguments, run on the host without a shell. In an argument, `{input}` stands for the file that the stage before made.
 *
 * @minItems 1
 * @maxItems 256
 */
export type Argv = [string, ...string[]];

/**
 * `boxes/<name>.recipe.yaml`: how a box is built. The files that its stages need lie in the folder `boxes/<name>.recipe/` beside it.
 */
export interface Recipe {
  /**
   * Version of the file format. There is one so far; it may be left out.
   */
  apiVersion?: 'boxreeve/v1';
  /**
   * Says which kind of file this is.
   */
  kind: 'Recipe';
  /**
   * Name of the recipe: the name of this file without `.recipe.yaml`.
   */
  name: string;
  /**
   * Name of the box that it makes, in the catalogue (`boxes/<box>.yaml`). Without it, the recipe's name.
   */
  box?: string;
  /**
   * Vagrant provider that the box is for, and by which its `vagrant` stages run.
   */
  provider: string;
  /**
   * The version that is made, unless `--version` names another. `{yyyy}`, `{m}` and `{d}` stand for year, month and day (UTC) of the build. If the catalogue has that version already, it is followed by `.1`, `.2` and so on.
   */
  version?: string;
  /**
   * The hosts that may build it: those named, and those with one of the labels. Without it, every host.
   */
  builders?: {
    /**
     * By name.
     *
     * @minItems 1
     *
     * Items: A name of a host, a guest, a label or a window: lower-case letters, digits, `.`, `_` and `-`, at most 63 characters. It names files, folders and Git branches, so it begins with a letter or digit, holds no `..`, and ends in neither `.` nor `.lock`.
     */
    hosts?: [string, ...string[]];
    /**
     * By label.
     *
     * @minItems 1
     *
     * Items: A name of a host, a guest, a label or a window: lower-case letters, digits, `.`, `_` and `-`, at most 63 characters. It names files, folders and Git branches, so it begins with a letter or digit, holds no `..`, and ends in neither `.` nor `.lock`.
     */
    labels?: [string, ...string[]];
  };
  /**
   * What the catalogue is to say of where the file can be had, as `sources` there; `{version}` and `{sha256}` stand for those of the box. Without it, `peers:`.
   *
   * @minItems 1
   * @maxItems 64
   */
  sources?: [string, ...string[]];
  /**
   * How long each step may take; then it is ended, and the build has failed.
   */
  timeouts?: {
    /**
     * For the program of a `command` stage.
     */
    command?: string;
    /**
     * For `vagrant up`, provisioning included.
     */
    up?: string;
    /**
     * For the guest to be off.
     */
    shutdown?: string;
    /**
     * For `vagrant package`.
     */
    package?: string;
  };
  /**
   * A builder's daemon builds it by itself, beginning in the host's window; what it makes waits on its branch to be merged. Each host that may build it does: let `builders` name one.
   */
  rebuild?: {
    /**
     * So long after the last build by this recipe on that host has ended, such as `7d`.
     */
    every: string;
  };
  /**
   * What is done, in this order. Each stage makes a file; the last one's is the box. A stage that is done is not done again when a build is taken up.
   *
   * @minItems 1
   * @maxItems 16
   */
  stages:
    | [Stage]
    | [Stage, Stage]
    | [Stage, Stage, Stage]
    | [Stage, Stage, Stage, Stage]
    | [Stage, Stage, Stage, Stage, Stage]
    | [Stage, Stage, Stage, Stage, Stage, Stage]
    | [Stage, Stage, Stage, Stage, Stage, Stage, Stage]
    | [Stage, Stage, Stage, Stage, Stage, Stage, Stage, Stage]
    | [Stage, Stage, Stage, Stage, Stage, Stage, Stage, Stage, Stage]
    | [Stage, Stage, Stage, Stage, Stage, Stage, Stage, Stage, Stage, Stage]
    | [Stage, Stage, Stage, Stage, Stage, Stage, Stage, Stage, Stage, Stage, Stage]
    | [Stage, Stage, Stage, Stage, Stage, Stage, Stage, Stage, Stage, Stage, Stage, Stage]
    | [Stage, Stage, Stage, Stage, Stage, Stage, Stage, Stage, Stage, Stage, Stage, Stage, Stage]
    | [Stage, Stage, Stage, Stage, Stage, Stage, Stage, Stage, Stage, Stage, Stage, Stage, Stage, Stage]
    | [
        Stage,
        Stage,
        Stage,
        Stage,
        Stage,
        Stage,
        Stage,
        Stage,
        Stage,
        Stage,
        Stage,
        Stage,
        Stage,
        Stage,
        Stage
      ]
    | [
        Stage,
        Stage,
        Stage,
        Stage,
        Stage,
        Stage,
        Stage,
        Stage,
        Stage,
        Stage,
        Stage,
        Stage,
        Stage,
        Stage,
        Stage,
        Stage
      ];
}
/**
 * One stage: `command` and `output`, or `vagrant`. It runs in a folder of its own that has the recipe's files.
 */
export interface Stage {
  /**
   * A name of a host, a guest, a label or a window: lower-case letters, digits, `.`, `_` and `-`, at most 63 characters. It names files, folders and Git branches, so it begins with a letter or digit, holds no `..`, and ends in neither `.` nor `.lock`.
   */
  name: string;
  command?: Argv;
  /**
   * The file that the command makes, in the stage's folder.
   */
  output?: string;
  /**
   * A guest is made from a box by the recipe's `Vagrantfile`, provisioned, shut down and packaged. It is always destroyed afterwards.
   */
  vagrant?: {
    /**
     * A box of the catalogue to begin from. Without it, the file that the stage before made.
     */
    base?: {
      /**
       * Name of a box in `boxes/`.
       */
      box: string;
      /**
       * A version in that box's file, for this provider.
       */
      version: string;
    };
    /**
     * How the guest gets to be off before it is packaged. `shutdown`: its own init script ends by shutting it down, which is waited for. `stop`: by `vagrant halt`.
     */
    wait?: 'shutdown' | 'stop';
    /**
     * A file of the recipe that is put into the box as its Vagrantfile: a packaged box has none of the one that its base had.
     */
    vagrantfile?: string;
  };
  /**
   * Environment variables for the command, or for Vagrant and so for the Vagrantfile.
   */
  env?: {
    [k: string]: string;
  };
  /**
   * Names of secrets that the stage gets as environment variables of the same names. `host.yaml` of the host that builds says where the values come from.
   *
   * @maxItems 64
   *
   * Items: Name of a secret, never its value: letters, digits and `_`, not beginning with a digit. Each host's own `host.yaml` says where the value comes from.
   */
  secrets?: string[];
}
