/** The WGSL text of a task, compiled and run by a browser, against the interpreter. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { V } from '../../bindings/engine/layout.js'
import { SEGMENTS } from '../../bindings/program.js'
import { type CompiledTask, Interpreter } from '../../bindings/task/index.js'
import { chromium, openPage, SWIFTSHADER, temporaryFolder } from '../engine/hosts.js'
import { everything } from './everything.js'

const WORLDS = 5
const SEED = 21
const GENERATION = 2
const STEPS = 25
/** single precision whose sums may be fused, through forty turns of sine */
const TOLERANCE = 2e-4

/** one entry point a segment, all worlds at once */
const entryPoints = SEGMENTS.map(
  name => `@compute @workgroup_size(64) fn run_${name}(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < task.nworld) { ${name}(id.x); }
}`,
).join('\n')

/** a number of control steps under given actions: reset, init, then each step; posts the io buffer after observe and reward */
const PAGE = `<!doctype html><meta charset="utf-8"><script type="module">
const answer = body => fetch('answer', { method: 'POST', body: JSON.stringify(body) })
try {
  const job = await (await fetch('job.json')).json()
  const adapter = await navigator.gpu.requestAdapter()
  const device = await adapter.requestDevice()
  const module = device.createShaderModule({ code: job.code })
  const { messages } = await module.getCompilationInfo()
  const faults = messages.map(m => m.type + ' ' + m.lineNum + ': ' + m.message)
  if (messages.some(m => m.type === 'error')) throw new Error(faults.join('; '))
  const { COMPUTE } = GPUShaderStage
  const kinds = ['uniform', 'storage', 'read-only-storage', 'read-only-storage', 'storage', 'storage', 'read-only-storage']
  const layout = device.createBindGroupLayout({
    entries: kinds.map((type, binding) => ({ binding, visibility: COMPUTE, buffer: { type } })),
  })
  const buffers = job.buffers.map(({ words, float }, i) => {
    const data = float ? Float32Array.from(words) : Uint32Array.from(words)
    const usage = GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST | (i === 0 ? GPUBufferUsage.UNIFORM : GPUBufferUsage.STORAGE)
    const buffer = device.createBuffer({ size: Math.max(16, data.byteLength), usage })
    device.queue.writeBuffer(buffer, 0, data)
    return buffer
  })
  const group = device.createBindGroup({ layout, entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })) })
  const pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [layout] })
  const pipelines = Object.fromEntries(job.segments.map(name => [
    name, device.createComputePipeline({ layout: pipelineLayout, compute: { module, entryPoint: 'run_' + name } }),
  ]))
  const run = name => {
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    pass.setPipeline(pipelines[name])
    pass.setBindGroup(0, group)
    pass.dispatchWorkgroups(1)
    pass.end()
    device.queue.submit([encoder.finish()])
  }
  const read = async buffer => {
    const copy = device.createBuffer({ size: buffer.size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ })
    const encoder = device.createCommandEncoder()
    encoder.copyBufferToBuffer(buffer, 0, copy, 0, buffer.size)
    device.queue.submit([encoder.finish()])
    await copy.mapAsync(GPUMapMode.READ)
    return Array.from(new Float32Array(copy.getMappedRange()))
  }
  const [, , , , t, io] = buffers
  run('reset')
  run('init')
  const steps = []
  for (const [k, actions] of job.actions.entries()) {
    run('observe')
    const observed = await read(io)
    device.queue.writeBuffer(io, 4 * job.actionAt, Float32Array.from(actions))
    run('act')
    run('dynamics')
    run('reward')
    steps.push({ observed, rewarded: await read(io) })
    run('update')
    device.queue.writeBuffer(t, 0, new Float32Array(job.nworld).fill(k + 1))
  }
  await answer({ faults, steps })
} catch (error) {
  await answer({ error: String(error.stack ?? error) })
}
</script>`

interface Answer {
  readonly faults: readonly string[]
  readonly steps: readonly { readonly observed: number[]; readonly rewarded: number[] }[]
}

/** where a name stands in io */
const placeOf = (code: string, name: string): number =>
  Number(new RegExp(`const ${name}: u32 = (\\d+)u`).exec(code)?.[1])

const inputOf = (world: number): number[] => [0.1 * world, -0.2 * world]

async function inBrowser(compiled: CompiledTask, actions: readonly (readonly Float32Array[])[]): Promise<Answer> {
  const folder = temporaryFolder()
  const code = `${compiled.wgsl()}\n${entryPoints}`
  const { layout, program } = compiled
  const p = new Interpreter(program, await everything.load(), layout).memory.p
  const spread = (values: ArrayLike<number>) => Array.from(values).flatMap(x => new Array(WORLDS).fill(x))
  const slots = new Array(program.nslot * WORLDS).fill(0)
  for (let w = 0; w < WORLDS; w++) for (const [k, x] of inputOf(w).entries()) slots[(1 + k) * WORLDS + w] = x
  const [d, s, io] = [layout.dbytes / V, layout.sbytes / V, placeOf(code, 'TERMINATED') + 1]
  const actionAt = placeOf(code, 'ACTION') * WORLDS
  const zeros = (n: number) => ({ words: new Array(n * WORLDS).fill(0), float: true })
  const job = {
    code,
    nworld: WORLDS,
    segments: SEGMENTS,
    actionAt,
    buffers: [
      { words: [WORLDS, SEED, 0, 0], float: false },
      zeros(d),
      { words: spread(p), float: true },
      zeros(s),
      { words: slots, float: true },
      zeros(io),
      { words: Array.from({ length: WORLDS }, (_, w) => [w, GENERATION]).flat(), float: false },
    ],
    actions: actions.map(worlds => Array.from({ length: program.nact }, (_, i) => worlds.map(a => a[i])).flat()),
  }
  writeFileSync(path.join(folder, 'job.json'), JSON.stringify(job))
  writeFileSync(path.join(folder, 'index.html'), PAGE)
  return (await openPage(folder, { isolated: false, timeout: 60_000, flags: SWIFTSHADER })) as Answer
}

if (chromium === undefined) console.log('SKIP no chromium: the WGSL of tasks is not run')
else {
  test('a browser computes what the interpreter does', async () => {
    const model = await everything.load()
    const compiled = everything.compile(model)
    const actions = Array.from({ length: STEPS }, (_, k) =>
      Array.from({ length: WORLDS }, (_, w) => Float32Array.of(Math.sin(k + w), Math.cos(3 * k - w))),
    )
    const { faults, steps } = await inBrowser(compiled, actions)
    assert.equal(faults, [])
    const code = compiled.wgsl()
    const at = (name: string, k: number, w: number) => (placeOf(code, name) + k) * WORLDS + w
    let compared = 0
    const close = (ours: number, theirs: number, what: string) => {
      // a comparison of numbers that differ in the last place may fall either way: so near ones are not told apart
      const bound = TOLERANCE * Math.max(1, Math.abs(ours))
      assert.ok(Math.abs(ours - theirs) <= bound, `${what}: ${theirs}, in the interpreter ${ours}`)
      compared++
    }
    for (let w = 0; w < WORLDS; w++) {
      const world = new Interpreter(compiled.program, model, compiled.layout, {
        seed: SEED,
        env: w,
        generation: GENERATION,
      })
      world.begin(inputOf(w))
      world.init()
      for (const [k, { observed, rewarded }] of steps.entries()) {
        for (const [i, x] of world.observe().entries())
          close(x, observed[at('OBSERVATION', i, w)], `${compiled.names.observation[i]}, world ${w}, step ${k}`)
        for (const [i, x] of world.act(actions[k][w]).entries()) close(x, rewarded[at('COMMAND', i, w)], `command ${i}`)
        world.dynamics()
        const { terms, metrics, terminated } = world.reward()
        for (const [i, x] of terms.entries())
          close(x, rewarded[at('TERM', i, w)], `${compiled.names.terms[i]}, step ${k}`)
        for (const [i, x] of metrics.entries()) close(x, rewarded[at('METRIC', i, w)], compiled.names.metrics[i])
        close(terminated ? 1 : 0, rewarded[at('TERMINATED', 0, w)], 'terminated')
        world.update()
      }
    }
    assert.ok(compared > STEPS * WORLDS * 50)
  })
}

test('names and numbers are the same as in the program', async () => {
  const compiled = everything.compile(await everything.load())
  const code = compiled.wgsl({ group: 2 })
  for (const name of SEGMENTS) assert.is(code.split(`fn ${name}(w: u32) {`).length, 2, name)
  assert.is(code.split('@group(2)').length, 8)
  const sizes = { ACTION: 2, OBSERVATION: compiled.nobs, TERM: compiled.names.terms.length, METRIC: 1, TERMINATED: 1 }
  for (const [name, size] of Object.entries(sizes))
    assert.match(code, new RegExp(`const ${name}: u32 = \\d+u; // \\(${size}\\)`))
  const stores = (text: string) => text.split('\n').filter(line => /^ {2}[dt]\[.*\] = /.test(line)).length
  const { code: words } = compiled.program
  let expected = 0
  for (let i = 0; i < words.length; i += 5) if (words[i] === 4 || words[i] === 5) expected++
  assert.is(stores(code), expected)
})

test.run()
