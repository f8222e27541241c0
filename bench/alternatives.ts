import type { Benchmark } from './benchmark.js';
export const alternatives: Benchmark = {
  name: 'alternatives',
  title: '',
  measure: () => Promise.reject(new Error('stub')),
};
