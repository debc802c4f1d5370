/** What a look at an agent's platform gave. */
export type CheckResult =
  | { ok: true /** What was proved. */; detail: string }
  | { ok: false; problem: string /** What to do. */; fix: string }
