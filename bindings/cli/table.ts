/** A column of a text table: its heading, and whether numbers are lined up at the right. */
export interface TableColumn {
  readonly head: string
  readonly right?: boolean
}

/** characters a terminal shows, combining marks aside */
const width = (text: string): number => Array.from(text.normalize('NFC')).length

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g

/** Names come from files: what would move the cursor or ring the bell is shown as a question mark. */
export const printable = (text: string): string => text.replace(CONTROL, '?')

/** Lines of a table; columns in which every cell is empty are left out, trailing blanks too. */
export function textTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  indent = '  ',
): string {
  const used = columns.map((_, k) => k).filter(k => rows.some(row => row[k] !== ''))
  const lines = [columns.map(column => column.head), ...rows].map(row => used.map(k => printable(row[k])))
  const widths = used.map((_, k) => Math.max(...lines.map(line => width(line[k]))))
  const pad = (cell: string, k: number): string => {
    const blanks = ' '.repeat(widths[k] - width(cell))
    return columns[used[k]].right === true ? blanks + cell : cell + blanks
  }
  return lines.map(line => (indent + line.map(pad).join('  ')).trimEnd()).join('\n')
}
