/** Charts as SVG text: bars side by side, or lines. Nothing but what the documentation needs. */

export interface Chart {
  /** The file's name without its ending. */
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly Bar[];
}

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** The least and the most that was measured. */
  readonly range?: readonly [number, number];
  /** The one that the others are compared with. */
  readonly isReference?: boolean;
}

const WIDTH = 760;
const LABEL_WIDTH = 300;
const ROW_HEIGHT = 26;
const TOP = 44;
const VALUE_WIDTH = 90;

export const svgOf = ({ title, unit, bars }: Chart): string => {
  const most = Math.max(...bars.map(({ value, range }) => range?.[1] ?? value), Number.MIN_VALUE);
  const scale = (WIDTH - LABEL_WIDTH - VALUE_WIDTH) / most;
  const height = TOP + bars.length * ROW_HEIGHT + 12;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="12" y="24" font-size="15" font-weight="bold">${escaped(title)} (${escaped(unit)})</text>`,
    ...bars.map((bar, index) => rowOf(bar, TOP + index * ROW_HEIGHT, scale)),
    '</svg>\n',
  ].join('\n');
};

const rowOf = ({ label, value, range, isReference = false }: Bar, y: number, scale: number): string => {
  const length = Math.max(1, value * scale);
  const middle = y + ROW_HEIGHT / 2 - 2;
  const spread =
    range === undefined
      ? ''
      : `<path d="M${at(range[0])} ${middle}H${at(range[1])}M${at(range[0])} ${middle - 4}v8M${at(range[1])} ${middle - 4}v8" stroke="#333333"/>`;
  return [
    `<text x="${LABEL_WIDTH - 8}" y="${middle + 4}" text-anchor="end">${escaped(label)}</text>`,
    `<rect x="${LABEL_WIDTH}" y="${y}" width="${length.toFixed(1)}" height="${ROW_HEIGHT - 6}" fill="${isReference ? '#8a94a6' : '#2f6fde'}"/>`,
    spread,
    `<text x="${(Math.max(length, (range?.[1] ?? 0) * scale) + LABEL_WIDTH + 8).toFixed(1)}" y="${middle + 4}">${figure(value)}</text>`,
  ].join('');

  function at(x: number): string {
    return (LABEL_WIDTH + x * scale).toFixed(1);
  }
};

const figure = (value: number): string => {
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
};

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
