/** How large a kernel is to a compiler: shader compilers copy every function to every place that calls it. */

const FUNCTION = /\bfn (\w+)\([^{]*\{/g
const CALL = /\b(\w+)\s*\(/g
const TOKEN = /\w+|[-+*/<>=&|^]+/g

/** Tokens of an entry point of a module with all calls copied in. */
export function expandedSize(code: string, entry: string): number {
  const bodies = new Map<string, string>()
  for (const match of code.matchAll(FUNCTION)) {
    const begin = match.index + match[0].length
    let end = begin
    for (let depth = 1; depth > 0; end++) depth += code[end] === '{' ? 1 : code[end] === '}' ? -1 : 0
    bodies.set(match[1], code.slice(begin, end))
  }
  const sizes = new Map<string, number>()
  const size = (name: string): number => {
    const known = sizes.get(name)
    if (known !== undefined) return known
    const body = bodies.get(name) ?? ''
    let total = body.match(TOKEN)?.length ?? 0
    for (const [, called] of body.matchAll(CALL)) if (bodies.has(called)) total += size(called)
    sizes.set(name, total)
    return total
  }
  return size(entry)
}
