/** What a benchmark is, and what it finds. The runner prints and keeps it; a benchmark only measures. */
import type { Chart } from './chart.js';

export interface Benchmark {
  /** As in `npm run bench -- <name>`. */
  readonly name: string;
  readonly title: string;
  /** Why it can't be measured here; `null`, or left out: it can. */
  readonly whyNot?: () => string | null;
  readonly measure: () => Promise<Findings>;
}

export interface Findings {
  readonly tables: readonly Table[];
  readonly charts: readonly Chart[];
  readonly targets: readonly Target[];
}

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** What issue and design ask for, beside what was measured in this run. */
export interface Target {
  readonly claim: string;
  readonly wanted: string;
  readonly measured: string;
  readonly isReached: boolean;
}

export const atLeast = (claim: string, wanted: number, measured: number): Target => ({
  claim,
  wanted: `≥ ${wanted.toFixed(2)}`,
  measured: measured.toFixed(2),
  isReached: measured >= wanted,
});

export const atMost = (claim: string, wanted: number, measured: number): Target => ({
  claim,
  wanted: `≤ ${wanted.toFixed(2)}`,
  measured: measured.toFixed(2),
  isReached: measured <= wanted,
});
