import type { Benchmark } from './benchmark.js';
export const overHttp: Benchmark = { name: 'overHttp', title: '', measure: () => Promise.reject(new Error('stub')) };
