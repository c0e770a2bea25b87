// What a check before the start says. Misconfiguration ends the process, so that a deployment fails where it is seen;
// unavailability does not, because parts of a deployment come up in any order and restarting would not help.

export type CheckResult =
  | { readonly kind: 'fine' }
  | { readonly kind: 'misconfigured'; readonly problem: string }
  | { readonly kind: 'unavailable'; readonly problem: string };
