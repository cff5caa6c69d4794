/** The WebAssembly module itself: generated tables current, no state of its own, no instruction whose result varies. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { unshare, wasmBytes } from '../../bindings/engine/wasm/module.js'
import { generate, generateGradient, generateProgram } from '../../bindings/generate-fields.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

test('assembly/shared is what the tables generate', () => {
  const texts = { fields: generate(), program: generateProgram(), gradient: generateGradient() }
  for (const [file, text] of Object.entries(texts))
    assert.is(readFileSync(`${root}assembly/shared/${file}.ts`, 'utf8'), text)
})

/** sections of a module by id: [begin, end) */
function sections(bytes: Uint8Array): Map<number, [number, number]> {
  const found = new Map<number, [number, number]>()
  let at = 8
  while (at < bytes.length) {
    const id = bytes[at++]
    let size = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]
      size |= (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    found.set(id, [at, at + size])
    at += size
  }
  return found
}

test('the release build has no data segment and no global', async () => {
  const ids = sections(await wasmBytes())
  assert.not.ok(ids.has(11), 'data section')
  assert.not.ok(ids.has(6), 'global section')
})

test('without sharing, nothing but one flag of the memory changes', async () => {
  const bytes = await wasmBytes()
  const plain = unshare(bytes)
  let differences = 0
  bytes.forEach((b, i) => {
    if (b !== plain[i]) differences++
  })
  assert.is(differences, 1)
  assert.ok(WebAssembly.validate(plain))
})

test.run()
