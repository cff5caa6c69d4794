import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { renderReport } from '../../bindings/report/report.js'
import { skippable } from '../support/skip.js'
import { madeUpReport } from './made-up.js'

const EVIL = `</script><script>document.title='pwned'</script><img src=x onerror="document.title='pwned'"> & "it's" \u2028`

/** every text of a report replaced by something hostile */
function hostileReport() {
  const data = madeUpReport()
  return madeUpReport({
    title: EVIL,
    facts: [[EVIL, EVIL]],
    recordings: data.recordings.map(it => ({ ...it, name: EVIL + it.name })),
    parameters: data.parameters.map(it => ({ ...it, name: EVIL + it.name, unit: EVIL, flags: [EVIL] })),
    errors: data.errors.map(it => ({ ...it, recording: EVIL + it.recording, channel: EVIL + it.channel, unit: EVIL })),
    warnings: [EVIL],
    convergence: data.convergence.map(it => ({ ...it, name: EVIL })),
    traces: data.traces.map(it => ({ ...it, recording: EVIL + it.recording, channel: EVIL + it.channel, unit: EVIL })),
    footer: EVIL,
  })
}

test('says everything it was given', () => {
  const data = madeUpReport()
  const page = renderReport(data)
  for (const parameter of data.parameters) assert.ok(page.includes(`<code>${parameter.name}</code>`), parameter.name)
  for (const [name, value] of data.facts) assert.ok(page.includes(`<dt>${name}</dt><dd>${value}</dd>`), name)
  for (const warning of data.warnings) assert.ok(page.includes(warning), warning)
  assert.ok(page.includes('± 0.0023'))
  assert.ok(page.includes('on its upper bound'))
  assert.ok(page.includes('held out'))
  assert.ok(page.includes('−97 %'))
})

test('holds no reference to anything outside', () => {
  const whole = renderReport(madeUpReport())
  assert.not.match(whole, /<script[^>]*\ssrc/i)
  // code may name variables like attributes; the policy keeps it from loading anything
  const page = whole.replace(/<script>[\s\S]*?<\/script>/g, '')
  assert.not.match(page, /<(link|iframe|object|embed|base)\b/i)
  assert.not.match(page, /\s(src|href|srcset|data|poster)\s*=/i)
  assert.not.match(page, /@import|url\(/i)
  assert.match(page, /Content-Security-Policy" content="default-src &#39;none&#39;/)
})

test('the policy names exactly the scripts of the page', () => {
  const page = renderReport(hostileReport())
  const scripts = [...page.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, code]) => code)
  assert.is(scripts.length, 2)
  const policy = page.match(/Content-Security-Policy" content="([^"]*)"/)?.[1] ?? ''
  for (const code of scripts) assert.ok(policy.includes(createHash('sha256').update(code).digest('base64')))
})

test('hostile names stay text', () => {
  const page = renderReport(hostileReport())
  assert.not.match(page, /<img/i)
  assert.is(page.match(/<\/script>/g)?.length, 3)
  assert.is(page.match(/<script/g)?.length, 3)
  assert.ok(page.includes('&lt;img src=x onerror=&quot;'))
})

test('is whole without the optional parts', () => {
  const data = madeUpReport()
  const page = renderReport(
    madeUpReport({
      warnings: [],
      convergence: [],
      correlation: undefined,
      condition: undefined,
      traces: data.traces.map(it => ({ ...it, before: undefined })),
    }),
  )
  for (const id of ['warnings', 'convergence', 'correlation']) assert.not.ok(page.includes(`id="${id}"`), id)
  assert.ok(page.includes('id="plots"'))
})

test('a long log makes a page of bounded size', () => {
  const n = 400_000
  const time = Float64Array.from({ length: n }, (_, i) => i * 0.001)
  const values = time.map(t => Math.sin(t) + Math.sin(1e6 * t))
  const trace = {
    recording: 'swing-1.csv',
    role: 'fit',
    channel: 'c',
    unit: 'rad',
    time,
    measured: values,
    before: values,
    after: values,
  } as const
  const page = renderReport(madeUpReport({ traces: Array.from({ length: 50 }, () => trace) }))
  assert.ok(page.length < 15e6, `${page.length} bytes`)
})

const browser = spawnSync('chromium', ['--version'])

skippable(
  test,
  browser.error === undefined,
  'chromium is not installed',
)('draws its plots in a browser and runs nothing else', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'report-'))
  const open = (page: string): string => {
    const file = path.join(folder, 'report.html')
    writeFileSync(file, page)
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--virtual-time-budget=5000',
    ]
    const { stdout } = spawnSync('chromium', [...flags, `--user-data-dir=${folder}`, '--dump-dom', `file://${file}`], {
      encoding: 'utf8',
      maxBuffer: 1e8,
      timeout: 60_000,
    })
    return stdout
  }
  try {
    // two channels of two open recordings, each with its residual, and the convergence
    for (const data of [madeUpReport(), hostileReport()]) {
      const drawn = open(renderReport(data))
      assert.match(drawn, /<html[^>]* data-plots="9"/)
      assert.is(drawn.match(/<canvas/g)?.length, 9)
      assert.not.match(drawn, /<title>pwned/)
    }
    const [, title] = open(renderReport(hostileReport())).match(/<title>([^<]*)/) ?? []
    assert.ok(title.startsWith('&lt;/script&gt;'))
    // the test can fail: what an unescaped name would do without the policy
    const naive = open(`<title>x</title><p>${EVIL}</p>`)
    assert.match(naive, /<title>pwned/)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test.run()
