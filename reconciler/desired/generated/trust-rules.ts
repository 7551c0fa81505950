/** Made by setup/generate-types.mjs from desired-state/schema/trust-rules.json: change that, not this. */

export type Approver = string;

/**
 * `trust/rules.yaml`: which of the approvers may change what, and how many of them it takes. Without this file each approver may change everything. It has a say only where `fleet.yaml` has `trust.requireSignedCommits: true`.
 */
export interface TrustRules {
  /**
   * Version of the file format. There is one so far; it may be left out.
   */
  apiVersion?: 'boxreeve/v1';
  /**
   * Says which kind of file this is; may be left out.
   */
  kind?: 'TrustRules';
  /**
   * Approvers that are no people but hosting services, which sign what is merged in their web pages. Their signature counts for a merge alone that brings in signed commits and nothing of its own.
   *
   * @maxItems 100
   */
  forges?: Approver[];
  /**
   * Who may change what. Of the rules that match a path the last one counts, as in a CODEOWNERS file; a path that none matches may be changed by each approver.
   *
   * @maxItems 1000
   */
  rules?: {
    /**
     * Paths in the desired state, such as `hosts/builder1.yaml`. `*` stands for a part of a name, `**` for any number of folders; a path that ends in `/` is all below it.
     *
     * @minItems 1
     * @maxItems 1000
     */
    paths: [string, ...string[]];
    /**
     * Names from `trust/approvers`; each approver if left out.
     *
     * @minItems 1
     * @maxItems 1000
     */
    approvers?: [Approver, ...Approver[]];
    /**
     * How many of them it takes: who signs the change, and whoever signs the merge that brings it in, or a later commit with a line `Boxreeve-Approves: <id of the change>`.
     */
    signatures?: number;
  }[];
}
