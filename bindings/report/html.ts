/** Text that is HTML already; everything else is escaped when it meets one. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as it may stand in an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => ENTITIES[character])
}

type Piece = string | number | Html | readonly Html[] | undefined

function render(piece: Piece): string {
  if (piece === undefined) return ''
  if (piece instanceof Html) return piece.text
  if (typeof piece === 'object') return piece.map(item => item.text).join('')
  return escapeHtml(String(piece))
}

/** Template tag: pieces are escaped unless they are Html; undefined leaves nothing. */
export function html(strings: TemplateStringsArray, ...pieces: Piece[]): Html {
  return new Html(strings.map((text, i) => (i === 0 ? text : render(pieces[i - 1]) + text)).join(''))
}

/**
 * JSON as it may stand in a script element: no `<` (so neither `</script>` nor `<!--`), and no line separators that
 * older JavaScript takes for line ends.
 */
export function scriptJson(value: unknown): Html {
  const unicode = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return new Html(JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, unicode))
}
