/** Three digits that count. */
export function short(number) {
  if (number === undefined || Number.isNaN(number)) return '-'
  if (number >= 1_000) return Math.round(number).toLocaleString('en')
  return Number(number.toPrecision(3)).toString()
}

/** A share of 1. */
export function percent(share) {
  return `${Math.round(100 * share)} %`
}

/** A Markdown table; the first column holds words, the others numbers or ready words. */
export function table(columns, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  // What was undefined comes back from JSON as null.
  const cell = (value) => (typeof value === 'number' ? short(value) : (value ?? '-'))
  return [
    line(columns),
    `|---|${columns
      .slice(1)
      .map(() => '---:|')
      .join('')}`,
    ...rows.map((row) => line(row.map(cell))),
  ].join('\n')
}
