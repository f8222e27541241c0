import { expect, it } from 'vitest';
import { withoutPorts } from '../../../src/http/withoutPorts.js';

it.each([
  ['7.7.7.7', '7.7.7.7'],
  ['7.7.7.7:4711', '7.7.7.7'],
  ['[2001:db8::1]:4711', '2001:db8::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['2001:db8::1', '2001:db8::1'],
  ['7.7.7.7:4711,10.0.0.1:80 , [::1]:9', '7.7.7.7, 10.0.0.1, ::1'],
  ['7.7.7.7 ,  ::1', '7.7.7.7, ::1'],
  ['for=7.7.7.7:4711', 'for=7.7.7.7:4711'],
  ['7.7.7.7:4711/24', '7.7.7.7:4711/24'],
  ['unknown', 'unknown'],
  ['', ''],
])('ports are no part of an address: %s', (header, addresses) => {
  expect(withoutPorts(header)).toBe(addresses);
});
