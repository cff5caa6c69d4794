import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { turn } from '../../bindings/engine/turn.js'
import { loadModel } from '../../bindings/model/load.js'
import { ParameterSpace } from '../../bindings/model/parameters.js'
import { identify } from '../../bindings/sysid/identify.js'
import { mujocoLog, PENDULUM, sines } from './worlds.js'

test('every kind of host gives the event loop a turn', async () => {
  const { setImmediate, MessageChannel, setTimeout } = globalThis
  for (const host of [{ setImmediate }, { MessageChannel }, { setTimeout }] as Parameters<typeof turn>[0][]) {
    let others = 0
    const timer = globalThis.setTimeout(() => others++, 0)
    // a microtask would come back before any timer
    for (let k = 0; k < 200 && others === 0; k++) await turn(host)
    assert.is(others, 1)
    clearTimeout(timer)
  }
  await turn({})
})

for (const method of ['cma-es', 'gauss-newton'] as const) {
  test(`${method}: a timer can stop a search that never leaves this thread`, async () => {
    const pendulum = await loadModel(PENDULUM)
    const space = ParameterSpace.from(pendulum, [{ path: 'joint/hinge/damping', min: 0.001, max: 1, start: 0.3 }])
    const recording = await mujocoLog(PENDULUM, { name: 'r', duration: 3, period: 0.01, drive: sines(0.5, 0.8) })
    const controller = new AbortController()
    const result = await identify(pendulum, [recording], space, {
      method,
      signal: controller.signal,
      onProgress: () => {
        setTimeout(() => controller.abort(), 0)
        // longer than the timer needs
        const until = performance.now() + 3
        while (performance.now() < until);
      },
    })
    assert.is(result.stop.code, 'aborted')
  })
}

test('gauss-newton stopped while it warms up or whitens, and resumed, ends where an undisturbed run ends', async () => {
  const pendulum = await loadModel(PENDULUM)
  const space = ParameterSpace.from(pendulum, [
    { path: 'joint/hinge/damping', min: 0.001, max: 1, start: 0.3, transform: 'log' },
    { path: 'body/arm/mass', min: 0.1, max: 2, start: 1.2 },
  ])
  let seed = 7
  const normal = (): number => {
    seed = (seed * 16807) % 2147483647
    return (seed / 2147483647 - 0.5) * 3.4
  }
  const drive = sines(0.5, 0.8)
  const recording = await mujocoLog(PENDULUM, {
    name: 'r',
    duration: 3,
    period: 0.01,
    drive,
    noise: () => 0.002,
    normal,
  })
  const options = { method: 'gauss-newton' as const, seed: 1 }
  const whole = await identify(pendulum, [recording], space, options)
  const stages = new Set<string>()
  // an abort that comes when the signal was looked at so many times
  for (let looks = 1; looks < 60; looks += 3) {
    let seen = 0
    const signal = {
      get aborted() {
        return ++seen > looks
      },
    } as AbortSignal
    const part = await identify(pendulum, [recording], space, { ...options, signal })
    if (part.stop.code !== 'aborted') break
    stages.add((JSON.parse(part.state) as { stage: string }).stage)
    const rest = await identify(pendulum, [recording], space, { ...options, resume: part.state })
    assert.equal(rest.theta, whole.theta)
    assert.equal(rest.stop, whole.stop)
  }
  assert.ok(stages.has('warm-up') && stages.has('whiten'), [...stages].join())
})

test.run()
