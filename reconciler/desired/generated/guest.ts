/** Made by setup/generate-types.mjs from desired-state/schema/guest.json: change that, not this. */

/**
 * The CI agent in the guest: how it is taken off its pool before the guest is disturbed, and put back afterwards. `system` says which; the other keys depend on it. In values, `{host}` and `{provider}` are replaced as in `env`. Without it: `none`.
 */
export type Agent =
  | AgentNone
  | AgentCommand
  | AgentAzurePipelines
  | AgentGithubActions
  | AgentGitlabRunner
  | AgentBuildkite
  | AgentJenkins;
/**
 * Path of the agent's log in the guest, for `boxreeve logs`; relative to the home folder of the guest's SSH user.
 */
export type AgentLog = string;
/**
 * Takes the agent off its pool; exit status 0 means done. Left out: there is nothing to do.
 *
 * @maxItems 256
 */
export type Argv = string[];
/**
 * Asks whether a job runs: exit status 0 means idle, 1 means busy with the reason on standard output; anything else is unknown, and counts as busy.
 *
 * @minItems 1
 * @maxItems 256
 */
export type Argv1 = [string, ...string[]];
/**
 * Puts the agent back on its pool; exit status 0 means done. Left out: there is nothing to do.
 *
 * @maxItems 256
 */
export type Argv2 = string[];
/**
 * What follows when others can get into this guest; what is not said here is as `defaults.exposure` of `fleet.yaml` says. A change rebuilds nothing.
 */
export type Exposure =
  | string
  | {
      /**
       * The guest's SSH answers on a port of the host that is bound beyond loopback.
       */
      'ssh-beyond-host'?: 'report' | 'refuse';
      /**
       * The guest lets in whoever has Vagrant's well-known key.
       */
      'insecure-key'?: 'report' | 'refuse';
      /**
       * The guest lets in user `vagrant` with the well-known password, over SSH.
       */
      'password-login'?: 'report' | 'refuse';
    };

/**
 * `guests/<name>/guest.yaml`: one Vagrant machine. Its Vagrantfile and whatever that needs lie beside this file and are used as they are.
 */
export interface Guest {
  /**
   * Version of the file format. There is one so far; it may be left out.
   */
  apiVersion?: 'boxreeve/v1';
  /**
   * Says which kind of file this is.
   */
  kind: 'Guest';
  /**
   * Name of the guest: the name of the folder that this file is in.
   */
  name: string;
  /**
   * The box that the guest is built from. A new version rebuilds the guest.
   */
  box: {
    /**
     * Name of a box in `boxes/`; the Vagrantfile's `config.vm.box` names the same.
     */
    name: string;
    /**
     * A version in that box's file, exactly as it is written there. In quotes if YAML would take it for a number.
     */
    version: string;
  };
  /**
   * Name of a Vagrant provider, such as `vmware_desktop`, `virtualbox`, `parallels`, `libvirt` or `lxc`.
   */
  provider: string;
  /**
   * Environment variables for Vagrant, and so for the Vagrantfile. In a value, `{host}` stands for the host's name and `{provider}` for the provider's. A change rebuilds the guest.
   */
  env?: {
    [k: string]: string;
  };
  /**
   * Names of secrets that Vagrant gets as environment variables of the same names. Each host's `host.yaml` says where the values come from; they never stand in the repository.
   *
   * @maxItems 64
   *
   * Items: Name of a secret, never its value: letters, digits and `_`, not beginning with a digit. Each host's own `host.yaml` says where the value comes from.
   */
  secrets?: string[];
  agent?: Agent;
  /**
   * Commands that must succeed in the guest before it counts as healthy. Run over SSH after every `vagrant up` and at every check-in.
   *
   * @maxItems 64
   */
  probes?: Probe[];
  /**
   * How long things may take.
   */
  timeouts?: {
    /**
     * For `vagrant up`, provisioning included. After it, everything it started is ended and the build has failed.
     */
    up?: string;
    /**
     * For a running CI job to end once the agent is off its pool. After it, the agent is put back and nothing is done until the next window; the job is never killed.
     */
    drain?: string;
    /**
     * For each probe.
     */
    probe?: string;
  };
  /**
   * Name of the idle window of this guest, instead of its host's or the fleet's.
   */
  window?: string;
  /**
   * A change of this guest does not wait for its window; it still waits for a running CI job. A recycle waits as ever. Say in `reason` why, and take both out once the change has landed.
   */
  urgent?: boolean;
  /**
   * A change of this guest ENDS THE CI JOB THAT RUNS in it, once its agent is off its pool. It needs a `reason`, which is shown in every plan and kept in the record. Take both out once the change has landed.
   */
  interruptJobs?: boolean;
  /**
   * Why a change is urgent, or worth a job: for whoever reads the plan and the record.
   */
  reason?: string;
  exposure?: Exposure;
  /**
   * How often this guest is rebuilt from its box with nothing changed, instead of `defaults.recycle` of `fleet.yaml`.
   */
  recycle?: {
    /**
     * How often, such as `1d`. `never`: not at all, whatever the fleet's default.
     */
    every: string;
  };
}
/**
 * No CI agent: the idle window alone holds disruptive actions.
 */
export interface AgentNone {
  /**
   * `none`
   */
  system: 'none';
  log?: AgentLog;
}
/**
 * Programs on the host that speak to the CI system. Anything but the exit statuses named here counts as a running job.
 */
export interface AgentCommand {
  /**
   * `command`
   */
  system: 'command';
  drain?: Argv;
  idle: Argv1;
  undrain?: Argv2;
  log?: AgentLog;
}
/**
 * An agent of Azure Pipelines.
 */
export interface AgentAzurePipelines {
  /**
   * `azure-pipelines`
   */
  system: 'azure-pipelines';
  /**
   * Address of an Azure DevOps Server, without the organisation; without it, https://dev.azure.com.
   */
  url?: string;
  /**
   * The organisation.
   */
  organization: string;
  /**
   * The agent pool.
   */
  pool: string;
  /**
   * Name of the agent in the pool, often `{host}`.
   */
  name: string;
  /**
   * Name of a secret, never its value: letters, digits and `_`, not beginning with a digit. Each host's own `host.yaml` says where the value comes from.
   */
  token: string;
  log?: AgentLog;
}
/**
 * A self-hosted runner of GitHub Actions, of an enterprise, an organisation or a repository.
 */
export interface AgentGithubActions {
  /**
   * `github-actions`
   */
  system: 'github-actions';
  /**
   * Address of the API; without it, https://api.github.com.
   */
  url?: string;
  /**
   * The enterprise that the runner belongs to.
   */
  enterprise?: string;
  /**
   * The organisation that the runner belongs to.
   */
  organization?: string;
  /**
   * The repository (`owner/name`) that the runner belongs to.
   */
  repository?: string;
  /**
   * Labels by which jobs ask for the runner, with commas between. They are taken off it before the guest is disturbed, as GitHub cannot pause a runner, and put back afterwards.
   */
  labels?: string;
  /**
   * Name of the runner, often `{host}`.
   */
  name: string;
  /**
   * Name of a secret, never its value: letters, digits and `_`, not beginning with a digit. Each host's own `host.yaml` says where the value comes from.
   */
  token: string;
  log?: AgentLog;
}
/**
 * A GitLab runner.
 */
export interface AgentGitlabRunner {
  /**
   * `gitlab-runner`
   */
  system: 'gitlab-runner';
  /**
   * Address of the GitLab server; without it, https://gitlab.com.
   */
  url?: string;
  /**
   * Number of the runner, in quotes.
   */
  id?: string;
  /**
   * Description of the runner, by which it is found where no `id` is given.
   */
  name?: string;
  /**
   * Name of a secret, never its value: letters, digits and `_`, not beginning with a digit. Each host's own `host.yaml` says where the value comes from.
   */
  token: string;
  log?: AgentLog;
}
/**
 * A Buildkite agent.
 */
export interface AgentBuildkite {
  /**
   * `buildkite`
   */
  system: 'buildkite';
  /**
   * Address of the API; without it, https://api.buildkite.com.
   */
  url?: string;
  /**
   * Slug of the organisation.
   */
  organization: string;
  /**
   * Name of the agent, often `{host}`.
   */
  name: string;
  /**
   * Name of a secret, never its value: letters, digits and `_`, not beginning with a digit. Each host's own `host.yaml` says where the value comes from.
   */
  token: string;
  log?: AgentLog;
}
/**
 * A Jenkins agent.
 */
export interface AgentJenkins {
  /**
   * `jenkins`
   */
  system: 'jenkins';
  /**
   * Address of the controller.
   */
  url: string;
  /**
   * Name of the agent (Jenkins: computer), often `{host}`.
   */
  name: string;
  /**
   * User that the API token belongs to.
   */
  user: string;
  /**
   * Name of a secret, never its value: letters, digits and `_`, not beginning with a digit. Each host's own `host.yaml` says where the value comes from.
   */
  token: string;
  log?: AgentLog;
}
/**
 * One command, and what it must print.
 */
export interface Probe {
  /**
   * Short name, for messages and records.
   */
  name: string;
  /**
   * Command line, run by the login shell of the guest's SSH user. It must exit with status 0.
   */
  run: string;
  /**
   * Regular expression (JavaScript's) that standard output, without the white space around it, must match somewhere. Without it, exit status 0 is enough.
   */
  expect?: string;
}
