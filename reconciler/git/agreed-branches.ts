/** Names of the branches by which hosts agree, beside their records (git/state-branch.ts). Pure. */

/** Followed by the number of a slot. */
export const LEASE_BRANCHES = 'refs/heads/boxreeve/lease-';
/** Who notifies, and how far he is. */
export const NOTIFIER_BRANCH = 'refs/heads/boxreeve/notifier';
