/** What the figures were measured on: they mean something as ratios of one run on one machine, and little elsewhere. */
import { cpus, loadavg, totalmem } from 'node:os';

export interface Machine {
  readonly words: string;
  readonly measuredAt: string;
  /** The load average of the last minute, before the run. */
  readonly loadBefore: number;
}

const BYTES_PER_GB = 1024 ** 3;

export const describeMachine = (): Machine => {
  const [cpu] = cpus();
  const loadBefore = Number((loadavg()[0] ?? 0).toFixed(2));
  const parts = [
    `${cpus().length} cores (${cpu?.model.trim() ?? 'unknown'})`,
    `${(totalmem() / BYTES_PER_GB).toFixed(1)} GB of memory`,
    `${process.platform} ${process.arch}`,
    `Node ${process.versions.node}`,
    `load average before the run ${loadBefore}`,
  ];
  return { words: `${parts.join(', ')}.`, measuredAt: new Date().toISOString(), loadBefore };
};
