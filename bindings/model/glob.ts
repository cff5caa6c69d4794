/** Characters that make a pattern a glob. */
const SPECIAL = /[*?[{]/

/** Does this text use glob syntax: `*` any characters, `?` one, `[a-c]` one of a class, `{a,b}` alternatives? */
export function isGlob(text: string): boolean {
  return SPECIAL.test(text)
}

/**
 * Does `name` match `pattern`? A name equal to the pattern always does, whatever characters it has.
 * `*` also crosses '/', because names of attached models contain it.
 */
export function globMatch(pattern: string, name: string): boolean {
  if (pattern === name) return true
  return alternatives(pattern).some(p => matchPlain(p, name))
}

/** `a{b,c{d,e}}f` -> abf, acdf, acef; an unclosed brace stands for itself. */
function alternatives(pattern: string): string[] {
  const open = pattern.indexOf('{')
  if (open < 0) return [pattern]
  const cuts = [open]
  let depth = 0
  for (let i = open; i < pattern.length; i++) {
    if (pattern[i] === '{') depth++
    else if (pattern[i] === ',' && depth === 1) cuts.push(i)
    else if (pattern[i] === '}' && --depth === 0) {
      cuts.push(i)
      break
    }
  }
  if (depth !== 0) return [pattern]
  const head = pattern.slice(0, open)
  const tail = pattern.slice(cuts[cuts.length - 1] + 1)
  const result: string[] = []
  for (let k = 0; k + 1 < cuts.length; k++) {
    const middle = pattern.slice(cuts[k] + 1, cuts[k + 1])
    result.push(...alternatives(head + middle + tail))
  }
  return result
}

/** Greedy matching with one remembered star: time at most pattern * name, never exponential. */
function matchPlain(pattern: string, name: string): boolean {
  let p = 0
  let n = 0
  let star = -1
  let resume = 0
  while (n < name.length) {
    if (pattern[p] === '*') {
      star = p++
      resume = n
      continue
    }
    const next = p < pattern.length ? matchOne(pattern, p, name[n]) : -1
    if (next >= 0) {
      p = next
      n++
    } else if (star >= 0) {
      // let the last star take one character more
      p = star + 1
      n = ++resume
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}

/** Index after the pattern element at `p` if it accepts `char`, else -1. */
function matchOne(pattern: string, p: number, char: string): number {
  if (pattern[p] === '?') return p + 1
  const close = pattern[p] === '[' ? pattern.indexOf(']', p + 2) : -1
  if (close < 0) return pattern[p] === char ? p + 1 : -1
  // character class; '!' or '^' first negates
  let i = p + 1
  const negate = pattern[i] === '!' || pattern[i] === '^'
  if (negate) i++
  let found = false
  for (; i < close; i++) {
    if (pattern[i + 1] === '-' && i + 2 < close) {
      if (pattern[i] <= char && char <= pattern[i + 2]) found = true
      i += 2
    } else if (pattern[i] === char) found = true
  }
  return found !== negate ? close + 1 : -1
}

/** Levenshtein distance: insertions, deletions and substitutions that turn `a` into `b`. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, row[j] + 1, next[j - 1] + 1))
    }
    row = next
  }
  return row[b.length]
}

/** The `count` candidates nearest to `name` by edit distance, case ignored; ties keep the order of the candidates. */
export function nearest(name: string, candidates: Iterable<string>, count = 3): string[] {
  const lower = name.toLowerCase()
  return [...new Set(candidates)]
    .map(candidate => ({ candidate, distance: editDistance(lower, candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, count)
    .map(entry => entry.candidate)
}

/** `; nearest: a, b, c`, or the empty string when there is nothing to offer. */
export function nearestHint(name: string, candidates: Iterable<string>): string {
  const found = nearest(name, candidates)
  return found.length === 0 ? '' : `; nearest: ${found.map(c => `'${c}'`).join(', ')}`
}
