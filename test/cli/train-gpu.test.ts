/** `train` and `evaluate` with --backend webgpu. */
import '../kernels/swiftshader.js'
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { simcrank, Workshop } from './workshop.js'

const library = JSON.stringify(new URL('../../bindings/task/index.ts', import.meta.url).href)

/** a mass is to be held at the origin */
const HOLD = `
import { defineTask } from ${library}
export default defineTask({
  name: 'hold',
  model: \`<mujoco model="mass"><option timestep="0.02"><flag contact="disable"/></option><worldbody>
    <body name="mass"><joint name="slide" type="slide" axis="1 0 0" damping="1"/><geom size=".1" mass="1"/></body>
    </worldbody><actuator><motor joint="slide" gear="5" ctrlrange="-1 1"/></actuator></mujoco>\`,
  frameSkip: 1,
  episodeLength: 50,
  define: s => ({
    observation: { position: s.jointPos('slide'), velocity: s.jointVel('slide') },
    action: { kind: 'torque' },
    reward: { near: s.jointPos('slide').unitless().abs().neg().exp() },
    reset: { qpos: { slide: s.uniform(-0.5, 0.5) } },
  }),
})
`
const FAST = ['--policy', 'linear', '--method-options', 'popsize=12', 'sigma=0.1', '--seed', '3']

test('trains on the GPU, goes on there, and judges the policy as the CPU does', async () => {
  using shop = new Workshop()
  const file = shop.file('hold.ts', HOLD)
  const out = shop.path('out')
  const words = ['train', file, ...FAST, '--out', out]
  const first = await simcrank(...words, '--backend', 'webgpu', '--generations', '2')
  assert.is(first.code, 0, first.err)
  assert.is(JSON.parse(readFileSync(shop.path('out/config.json'), 'utf8')).settings.backend, 'webgpu')
  const again = await simcrank(...words, '--resume', '--generations', '3', '--json')
  assert.is(again.code, 0, again.err)
  const result = JSON.parse(again.out)
  assert.is(result.settings.backend, 'webgpu')
  assert.is(result.generations, 3)
  assert.match(readFileSync(shop.path('out/report.html'), 'utf8'), new RegExp(result.adapter.replace(/[^\w ]/g, '.')))

  const judge = ['evaluate', shop.path('out/policy.safetensors'), file, '--episodes', '8', '--json']
  const [gpu, cpu] = [await simcrank(...judge, '--backend', 'webgpu'), await simcrank(...judge)]
  assert.is(gpu.code, 0, gpu.err)
  const [a, b] = [gpu, cpu].map(({ out }) => JSON.parse(out).returns.mean)
  assert.ok(Math.abs(a - b) < 1e-4 * b, `${a}, on the CPU ${b}`)

  for (const line of [
    [...words, '--resume', '--backend', 'webgpu', '--workers', '2'],
    [...judge, '--backend', 'webgpu', '--workers', '2'],
  ]) {
    const { code, err } = await simcrank(...line)
    assert.is(code, 2)
    assert.match(err, /no threads.*\[WORKERS\]/)
  }
  const elsewhere = await simcrank(...words, '--resume', '--backend', 'wasm', '--generations', '4')
  assert.is(elsewhere.code, 1)
  assert.match(elsewhere.err, /settings\.backend.*\[CHECKPOINT_SETTINGS\]/)
})

test.run()
