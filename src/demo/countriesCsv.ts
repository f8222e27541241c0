/** Countries as CSV, as in RFC 4180: CRLF after each line, the last one too. */
import type { CountryRecord } from './loadAtlas.js';

const HEADER = ['code', 'name', 'capital', 'region', 'population', 'area'];

/** A country with several capitals has them in one cell, parted by semicolons. An unknown value is an empty cell. */
export function countriesCsv(countries: readonly CountryRecord[]): string {
  const rows = countries.map((country) => [
    country.code,
    country.name,
    country.capital.join('; '),
    country.region ?? '',
    String(country.population),
    country.areaKm2 === null ? '' : String(country.areaKm2),
  ]);
  return [HEADER, ...rows].map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join('');
}

/** RFC 4180, section 2, rules 6 and 7. */
function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
