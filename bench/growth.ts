import type { Benchmark } from './benchmark.js';
export const growth: Benchmark = { name: 'growth', title: '', measure: () => Promise.reject(new Error('stub')) };
