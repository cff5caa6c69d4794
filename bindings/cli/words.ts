/** Small words that several commands say. */

/** Words as a POSIX shell reads them back. */
export const quoted = (words: readonly string[]): string =>
  words.map(word => (/^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ')

export const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`

/** A whole number with commas. */
export const thousands = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',')
