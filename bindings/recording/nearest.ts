/** Edit distance (Levenshtein 1966) of two short strings; counts insertions, deletions and substitutions. */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1
      row.push(Math.min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + change))
    }
    previous = row
  }
  return previous[b.length]
}

/**
 * The names closest to a misspelt one, for error messages.
 *
 * @param count how many at most
 * @returns candidates, nearest first; those that contain the word or are contained in it count as near
 */
export function nearest(word: string, candidates: readonly string[], count = 3): string[] {
  const lower = word.toLowerCase()
  const scored = [...new Set(candidates)].map(name => {
    const other = name.toLowerCase()
    const inside = lower.length > 1 && other.length > 1 && (other.includes(lower) || lower.includes(other))
    return { name, score: inside ? 1 : distance(lower.slice(0, 64), other.slice(0, 64)) }
  })
  scored.sort((a, b) => a.score - b.score)
  return scored.slice(0, count).map(s => s.name)
}

/** `; did you mean a, b?`, or what there is, or nothing when there are no candidates. */
export function suggestion(word: string, candidates: readonly string[]): string {
  const near = nearest(word, candidates)
  return near.length === 0 ? '' : `; nearest: ${near.map(n => `'${n}'`).join(', ')}`
}

/** `12, 15, 18 and 7 more`: the first few of many numbers. */
export function few(numbers: ArrayLike<number>, shown = 4): string {
  const first = Array.from({ length: Math.min(shown, numbers.length) }, (_, i) => String(numbers[i])).join(', ')
  return numbers.length > shown ? `${first} and ${numbers.length - shown} more` : first
}
