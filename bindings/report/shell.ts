import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { Html, html, scriptJson } from './html.js'

export interface Page {
  readonly title: string
  /** style sheets beside this file, in order; uPlot's comes before them */
  readonly styles: readonly string[]
  /** scripts beside this file, in order; uPlot comes before them */
  readonly scripts: readonly string[]
  /** what the scripts read: JSON by the id of its element */
  readonly data: Readonly<Record<string, unknown>>
  readonly body: Html
}

const uplot = (file: string): string => {
  const folder = path.dirname(createRequire(import.meta.url).resolve('uplot/package.json'))
  return readFileSync(path.join(folder, 'dist', file), 'utf8')
}
const own = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8')

/** Code that a script element can hold, and its hash for the content security policy. */
function script(code: string): { element: Html; hash: string } {
  const safe = code.replace(/<\/(script)/gi, '<\\/$1').replace(/<!--/g, '<\\!--')
  const hash = createHash('sha256').update(safe).digest('base64')
  return { element: new Html(`<script>${safe}</script>`), hash: `'sha256-${hash}'` }
}

/**
 * One self-contained HTML page: opens by double-click, requests nothing, runs no script but its own (content security
 * policy by hash).
 *
 * @returns the text of the page
 */
export function renderPage({ title, styles, scripts, data, body }: Page): string {
  const library = script(uplot('uPlot.iife.min.js'))
  const page = script(scripts.map(own).join('\n'))
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src ${library.hash} ${page.hash}`
  const json = Object.entries(data).map(
    ([id, value]) => html`<script type="application/json" id="${id}">${scriptJson(value)}</script>\n`,
  )
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="simcrank">
<title>${title}</title>
<style>${new Html(uplot('uPlot.min.css'))}
${new Html(styles.map(own).join('\n'))}</style>
</head>
<body>
<main>
${body}
</main>
${json}${library.element}
${page.element}
</body>
</html>
`
  return document.text
}
