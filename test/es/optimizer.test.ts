import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Adam, ClipUp, makeOptimizer, type Optimizer, Sgd } from '../../bindings/es/optimizer.js'
import { checkSchedule, type Schedule, scheduled } from '../../bindings/es/schedule.js'
import { Philox, STREAM } from '../../bindings/math/index.js'

const step = (o: Optimizer, g: number[], generation = 0) => {
  const out = new Float64Array(g.length)
  o.step(Float64Array.from(g), generation, out)
  return [...out]
}
const close = (got: number[], expected: number[], tolerance = 1e-14) => {
  got.forEach((v, i) => {
    assert.ok(Math.abs(v - expected[i]) <= tolerance, `${i}: got ${v}, expected ${expected[i]}`)
  })
}
const code = (expected: string, place?: string) => (e: Error & { code?: string; place?: string }) =>
  e.code === expected && (place === undefined || e.place === place)

test('Adam, three steps by hand', () => {
  const adam = new Adam(2, { lr: 0.1 })
  // the first step is lr in the gradient's direction, coordinate by coordinate
  close(step(adam, [1, -2]), [0.1 / (1 + 1e-8), -0.2 / (2 + 1e-8)])
  // m = .9 (.1) + .1 (.5) = .14, v = .999 (.001) + .001 (.25) = .001249; unbiased by .19 and .001999
  // m = .9 (-.2) + .1 (1) = -.08, v = .999 (.004) + .001 = .004996
  close(step(adam, [0.5, 1]), [
    (0.1 * (0.14 / 0.19)) / (Math.sqrt(0.001249 / 0.001999) + 1e-8),
    (0.1 * (-0.08 / 0.19)) / (Math.sqrt(0.004996 / 0.001999) + 1e-8),
  ])
  // no gradient: it coasts. m = .126, -.072; v = .001247751, .004991004; unbiased by .271 and .002997001
  close(step(adam, [0, 0]), [
    (0.1 * (0.126 / 0.271)) / (Math.sqrt(0.001247751 / 0.002997001) + 1e-8),
    (0.1 * (-0.072 / 0.271)) / (Math.sqrt(0.004991004 / 0.002997001) + 1e-8),
  ])
})

test('momentum: v = .9 v + .1 g', () => {
  const sgd = new Sgd(2, { lr: 2 })
  close(step(sgd, [1, -2]), [0.2, -0.4])
  close(step(sgd, [1, 0]), [0.38, -0.36])
  close(step(new Sgd(1, { lr: 0.5, momentum: 0 }), [3]), [1.5])
})

test('ClipUp, by hand: only the direction counts, then the speed limit', () => {
  const clipup = new ClipUp(2, { maxSpeed: 1 })
  close(step(clipup, [3e9, 4e9]), [0.3, 0.4])
  close(step(clipup, [3e-9, 4e-9]), [0.57, 0.76])
  // .813, 1.084 is 1.355 long
  close(step(clipup, [3, 4]), [0.6, 0.8])
  close(step(clipup, [0, 0]), [0.54, 0.72])
})

test('ClipUp never goes faster than maxSpeed', () => {
  const clipup = new ClipUp(20, { maxSpeed: 0.15, lr: 0.1 })
  const g = new Float64Array(20)
  const out = new Float64Array(20)
  let fastest = 0
  for (let t = 0; t < 500; t++) {
    new Philox(3, STREAM.check).fillNormal(g, 0, t)
    g[0] += 3
    clipup.step(g, t, out)
    fastest = Math.max(fastest, Math.sqrt(out.reduce((a, b) => a + b * b, 0)))
  }
  assert.ok(fastest <= 0.15 * (1 + 1e-15) && fastest > 0.15 * (1 - 1e-12), `fastest ${fastest}`)
})

test('schedules', () => {
  const decay: Schedule = { kind: 'exponential', start: 0.03, decay: 0.999, floor: 0.01 }
  assert.is(scheduled(decay, 0), 0.03)
  close([scheduled(decay, 500)], [0.03 * 0.999 ** 500], 1e-17)
  assert.is(scheduled(decay, 1100), 0.01)
  const linear: Schedule = { kind: 'linear', start: 1, end: 3, generations: 4 }
  assert.equal(
    [0, 1, 2, 3, 4, 100].map(g => scheduled(linear, g)),
    [1, 1.5, 2, 2.5, 3, 3],
  )
  assert.is(scheduled(0.5, 77), 0.5)
  // the optimiser follows
  close(step(new Sgd(1, { lr: linear, momentum: 0 }), [1], 3), [2.5])
  for (const [schedule, place] of [
    [0, 'a.lr'],
    [Number.NaN, 'a.lr'],
    [{ kind: 'exponential', start: 1, decay: 1.1 }, 'a.lr.decay'],
    [{ kind: 'exponential', start: 1, decay: 0.5, floor: 2 }, 'a.lr.floor'],
    [{ kind: 'linear', start: 1, end: 0, generations: 3 }, 'a.lr.end'],
    [{ kind: 'linear', start: 1, end: 1, generations: 1.5 }, 'a.lr.generations'],
    [{ kind: 'cosine', start: 1 }, 'a.lr.kind'],
    [null, 'a.lr'],
  ] as [Schedule, string][]) {
    assert.throws(() => checkSchedule('a.lr', schedule), code('ES_OPTION', place))
  }
})

test('options that make no sense are named', () => {
  const make = (options: object) => () => makeOptimizer(3, options as never, 0.1, 'pgpe.optimizer')
  assert.throws(make({ kind: 'lion' }), code('ES_OPTION', 'pgpe.optimizer.kind'))
  assert.throws(make({ kind: 'sgd', beta1: 0.9 }), code('ES_OPTION', 'pgpe.optimizer.beta1'))
  assert.throws(make({ kind: 'adam', beta2: 1 }), code('ES_OPTION', 'pgpe.optimizer.beta2'))
  assert.throws(make({ kind: 'clipup', maxSpeed: -1 }), code('ES_OPTION', 'pgpe.optimizer.maxSpeed'))
  assert.is((make({ kind: 'clipup' })() as ClipUp).maxSpeed, 0.1)
})

test('a restored optimiser goes on with the same bits; a foreign state is refused', () => {
  const g = new Float64Array(5)
  for (const kind of ['adam', 'sgd', 'clipup'] as const) {
    const make = () => makeOptimizer(5, { kind }, 0.1, 'x')
    const whole = make()
    const resumed = make()
    const a = new Float64Array(5)
    const b = new Float64Array(5)
    for (let t = 0; t < 20; t++) {
      new Philox(4, STREAM.check).fillNormal(g, 0, t)
      whole.step(g, t, a)
      if (t === 9) resumed.restore(structuredClone(whole.state()))
      if (t < 10) continue
      resumed.step(g, t, b)
      assert.equal(b, a)
    }
    const other = makeOptimizer(5, { kind: kind === 'sgd' ? 'clipup' : 'sgd' }, 0.1, 'x')
    assert.throws(() => other.restore(whole.state()), code('STRATEGY_STATE'))
    assert.throws(() => makeOptimizer(6, { kind }, 0.1, 'x').restore(whole.state()), code('STRATEGY_STATE'))
  }
})

test.run()
