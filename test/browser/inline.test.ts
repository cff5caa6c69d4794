/** simcrank/inline: one file that asks for no other, in a page of one file, in Node, and where there is next to nothing. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as root from '../../bindings/index.js'
import { skippable } from '../support/skip.js'
import { check, model } from './agree.js'
import { answerOf, executablePath, launch, REASON, visit } from './chromium.js'
import { installPackage, page, plain, temporaryFolder } from './deploy.js'
import type { Outcome } from './exercise.js'
import { serveFolder } from './serve.js'

const inBrowser = skippable(test, executablePath !== undefined, REASON)
const browser = executablePath === undefined ? undefined : await launch()
const installed = installPackage()
const file = path.join(installed, 'node_modules/simcrank/dist/bindings/inline.js')
const MODEL = `Uint8Array.from(atob('${Buffer.from(model).toString('base64')}'), c => c.charCodeAt(0))`

/** A program with the package's one file and a model inside. */
async function program(simcrank: string): Promise<string> {
  const exercise = (await plain('exercise.ts')).replaceAll(/^export /gm, '').replace(/\{[^}]*exercise[^}]*\};?\s*$/, '')
  return `${exercise}
exercise(${simcrank}, { model: ${MODEL}, webgpu: typeof navigator !== 'undefined' && navigator.gpu !== undefined }).then(
  answer => { globalThis.answer = answer },
  error => { globalThis.answer = String(error.stack ?? error) },
)`
}

inBrowser('a page that is one file, opened from the disk', async () => {
  const folder = temporaryFolder()
  const url = `data:text/javascript;base64,${readFileSync(file, 'base64')}`
  const script = `import * as simcrank from '${url}'\n${await program('simcrank')}`
  const at = path.join(folder, 'page.html')
  writeFileSync(at, page('', '').replace('</script>', `${script.replaceAll('</script', '<\\/script')}</script>`))
  await visit(browser as Browser, pathToFileURL(at).href, async it => {
    check(await answerOf(it), { isolated: false, threads: false })
    assert.equal(it.complaints, [])
  })
})

inBrowser('an isolated page, with worker threads', async () => {
  const folder = temporaryFolder()
  cpSync(file, path.join(folder, 'inline.js'))
  writeFileSync(path.join(folder, 'main.js'), `import * as simcrank from './inline.js'\n${await program('simcrank')}`)
  writeFileSync(path.join(folder, 'index.html'), page('', 'src="main.js"'))
  const server = await serveFolder(folder, { isolated: true })
  const asked: string[] = []
  try {
    await visit(browser as Browser, 'about:blank', async it => {
      it.page.on('request', request => asked.push(request.url()))
      await it.page.goto(server.url)
      check(await answerOf(it), { isolated: true, threads: true })
      assert.equal(it.complaints, [])
    })
  } finally {
    await server.close()
  }
  const files = asked.filter(url => url.startsWith('http')).map(url => path.basename(url))
  assert.equal(files.slice(1), ['main.js', 'inline.js'])
})

/** What a program prints, as JSON. */
function node(args: readonly string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: installed, encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  const answer = JSON.parse(stdout)
  if (typeof answer === 'string') throw new Error(answer)
  return answer
}

test('Node, with worker threads; the same exports as the root entry', async () => {
  const script = `import * as simcrank from 'simcrank/inline'\n${await program('simcrank')}
    .then(() => console.log(JSON.stringify({ ...globalThis.answer, exports: Object.keys(simcrank).sort() })))`
  writeFileSync(path.join(installed, 'inline.mjs'), script)
  const there = node(['inline.mjs']) as Outcome & { readonly exports: string[] }
  check(there, { isolated: false, threads: true, webgpu: false })
  assert.equal(there.exports, Object.keys(root).sort())
})

test('a host with no files, no processes, no workers and no network', async () => {
  const bare = path.join(installed, 'bare')
  mkdirSync(bare)
  const script = await program('globalThis.simcrank')
  writeFileSync(
    path.join(bare, 'host.mjs'),
    `import { readFileSync } from 'node:fs'
import vm from 'node:vm'
// of one realm with TextEncoder's
const context = vm.createContext({ Uint8Array, WebAssembly, atob, TextEncoder, TextDecoder, URL, performance, setTimeout, clearTimeout, AbortSignal, Blob })
const inside = await (async () => {
  const module = new vm.SourceTextModule(readFileSync(${JSON.stringify(file)}, 'utf8'), { context, identifier: 'inline' })
  await module.link(name => { throw new Error('it imports ' + name) })
  await module.evaluate()
  return module.namespace
})()
context.simcrank = inside
vm.runInContext('delete globalThis.SharedArrayBuffer', context)
await vm.runInContext(${JSON.stringify(script)}, context)
console.log(JSON.stringify(context.answer))
`,
  )
  const there = node(['--experimental-vm-modules', '--no-warnings', 'bare/host.mjs'])
  check(there, { isolated: false, threads: false, webgpu: false })
})

test.after(() => browser?.close())
test.run()
