import type { Benchmark } from './benchmark.js';
export const memory: Benchmark = { name: 'memory', title: '', measure: () => Promise.reject(new Error('stub')) };
