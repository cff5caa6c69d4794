import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as functions from '../../bindings/math/index.js'
import { Philox, STREAM } from '../../bindings/math/index.js'
import * as stats from '../../bindings/math/stats.js'
import { REFERENCE } from './reference.js'

const our = { ...functions, ...stats }

type Unary = (x: number) => number
const table = our as unknown as Record<string, (...args: number[]) => number>

const bits = new BigInt64Array(1)
const value = new Float64Array(bits.buffer)
/** position of x in the order of all doubles */
function position(x: number): bigint {
  value[0] = x
  return bits[0] < 0n ? -(bits[0] & 0x7fffffffffffffffn) : bits[0]
}
/** how many doubles lie between a and b; -1 when exactly one of them is NaN */
function ulps(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) === Number.isNaN(b) ? 0 : Number.MAX_VALUE
  const d = position(a) - position(b)
  return Number(d < 0n ? -d : d)
}

/** doubles between our result and the correctly rounded one: what the docstrings promise, or the condition of the problem */
const LIMITS: Record<string, number> = {
  exp: 1,
  expm1: 1,
  log: 1,
  log1p: 1,
  log2: 1,
  log10: 1,
  pow: 1,
  cbrt: 1,
  hypot: 1,
  sin: 1,
  cos: 1,
  tan: 1,
  asin: 1,
  acos: 1,
  atan: 1,
  atan2: 2,
  sinh: 2,
  cosh: 2,
  tanh: 2,
  sigmoid: 2,
  erf: 4,
  erfc: 10,
  normalCdf: 14,
  normalQuantile: 5,
  lgamma: 20,
  betaInc: 1000,
  studentQuantile: 1000,
}

test('every function against 300-bit values', () => {
  const seen = new Set<string>()
  for (const [name, args, expected] of REFERENCE) {
    seen.add(name)
    const got = table[name](...args)
    assert.ok(
      ulps(got, expected) <= LIMITS[name],
      `${name}(${args}) = ${got}, expected ${expected}, ${ulps(got, expected)} ulp off`,
    )
  }
  assert.equal([...seen].sort(), Object.keys(LIMITS).sort())
})

test('wide random inputs stay within 2 ulp of the host', () => {
  const random = new Philox(3, STREAM.check)
  const n = 20000
  const u = new Float64Array(2 * n)
  random.fillUniform(u, 0, 0)
  const between = (a: number, b: number) => (i: number) => a + (b - a) * u[i]
  const decades = (a: number, b: number) => (i: number) => (u[n + (i % n)] < 0.5 ? -1 : 1) * 10 ** (a + (b - a) * u[i])
  const positive = (a: number, b: number) => (i: number) => 10 ** (a + (b - a) * u[i])
  const cases: [string, Unary, Unary, ((i: number) => number)[]][] = [
    ['exp', our.exp, Math.exp, [between(-745, 710), between(-1, 1)]],
    ['expm1', our.expm1, Math.expm1, [between(-40, 710), decades(-12, 0)]],
    ['log', our.log, Math.log, [positive(-323, 308), between(0.5, 2)]],
    ['log1p', our.log1p, Math.log1p, [between(-1, 2), decades(-15, -0.01)]],
    ['log2', our.log2, Math.log2, [positive(-323, 308), between(0.5, 2)]],
    ['log10', our.log10, Math.log10, [positive(-323, 308), between(0.5, 2)]],
    ['sin', our.sin, Math.sin, [between(-10, 10), decades(-10, 6.2), decades(6, 300)]],
    ['cos', our.cos, Math.cos, [between(-10, 10), decades(-10, 6.2), decades(6, 300)]],
    ['tan', our.tan, Math.tan, [between(-10, 10), decades(-10, 6.2), decades(6, 300)]],
    ['asin', our.asin, Math.asin, [between(-1, 1), decades(-10, 0)]],
    ['acos', our.acos, Math.acos, [between(-1, 1), decades(-10, 0)]],
    ['atan', our.atan, Math.atan, [between(-4, 4), decades(-10, 20)]],
    ['sinh', our.sinh, Math.sinh, [between(-3, 3), between(-710, 710)]],
    ['cosh', our.cosh, Math.cosh, [between(-3, 3), between(-710, 710)]],
    ['tanh', our.tanh, Math.tanh, [between(-3, 3), between(-30, 30)]],
    ['sigmoid', our.sigmoid, x => 1 / (1 + Math.exp(-x)), [between(-3, 3), between(-700, 40)]],
    ['cbrt', our.cbrt, Math.cbrt, [decades(-323, 308)]],
  ]
  for (const [name, f, g, inputs] of cases) {
    for (const input of inputs) {
      for (let i = 0; i < n; i += name === 'sin' || name === 'cos' || name === 'tan' ? 4 : 1) {
        const x = input(i)
        const d = ulps(f(x), g(x))
        if (d > 3) assert.unreachable(`${name}(${x}) = ${f(x)}, host ${g(x)}, ${d} ulp apart`)
      }
    }
  }
  for (let i = 0; i < n; i++) {
    const y = decades(-10, 10)(i)
    const x = decades(-10, 10)(n + i)
    assert.ok(ulps(our.atan2(y, x), Math.atan2(y, x)) <= 2, `atan2(${y}, ${x})`)
    assert.ok(ulps(our.hypot(x, y), Math.hypot(x, y)) <= 2, `hypot(${x}, ${y})`)
    // ** of the host is itself only good to a few ulp at the ends
    const base = positive(-3, 3)(i)
    const power = between(-50, 50)(n + i)
    assert.ok(ulps(our.pow(base, power), base ** power) <= 2, `pow(${base}, ${power})`)
  }
})

test('special arguments give what ECMAScript gives', () => {
  const specials = [0, -0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, 1e-320, -1e-320, 5e-324, -5e-324, 1e308, -1e308, 22.5, -22.5]
  specials.push(Number.MAX_VALUE, -Number.MAX_VALUE, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN)
  specials.push(710, -750, 0.1, Math.PI, 1e22, 9007199254740991, -9007199254740992, 2.5)
  const unary = [
    'exp',
    'expm1',
    'log',
    'log1p',
    'log2',
    'log10',
    'sin',
    'cos',
    'tan',
    'asin',
    'acos',
    'atan',
    'sinh',
    'cosh',
    'tanh',
    'cbrt',
  ] as const
  const same = (a: number, b: number) => ulps(a, b) <= 2 && Object.is(Math.sign(a), Math.sign(b))
  for (const name of unary) {
    for (const x of specials)
      assert.ok(same(table[name](x), Math[name](x)), `${name}(${x}): ${table[name](x)}, ${Math[name](x)}`)
  }
  for (const x of specials) {
    for (const y of specials) {
      for (const name of ['pow', 'atan2', 'hypot'] as const)
        assert.ok(
          same(table[name](x, y), Math[name](x, y)),
          `${name}(${x}, ${y}): ${table[name](x, y)}, ${Math[name](x, y)}`,
        )
    }
  }
  assert.is(our.sigmoid(Number.POSITIVE_INFINITY), 1)
  assert.is(our.sigmoid(Number.NEGATIVE_INFINITY), 0)
  assert.is(our.sigmoid(-0), 0.5)
  assert.ok(Number.isNaN(our.sigmoid(Number.NaN)))
})

test('powers and logarithms that are exact come out exact', () => {
  for (let b = 2; b <= 30; b++) {
    let p = 1
    for (let e = 0; p <= 2 ** 53; e++, p *= b) assert.is(our.pow(b, e), p, `${b}^${e}`)
  }
  for (let e = -1074; e < 1024; e++) assert.is(our.log2(2 ** e), e)
  for (let e = 0; e <= 22; e++) assert.is(our.log10(Number(`1e${e}`)), e)
  for (let c = 1; c <= 1000; c++) assert.is(our.cbrt(c * c * c), c)
  assert.is(our.pow(0.25, 0.5), 0.5)
  assert.is(our.hypot(3, 4), 5)
  assert.is(our.hypot(2, 3, 6), 7)
  assert.ok(ulps(our.hypot(3e200, 4e200), 5e200) <= 1)
  assert.ok(ulps(our.hypot(3e-200, 4e-200), 5e-200) <= 1)
})

test('distributions: limits, symmetry, inverses', () => {
  for (let i = 1; i < 2000; i++) {
    const p = i / 2000
    const x = our.normalQuantile(p)
    assert.ok(Math.abs(our.normalCdf(x) - p) < 1e-15, `cdf(quantile(${p}))`)
    assert.ok(Math.abs(our.studentCdf(our.studentQuantile(p, 4.5), 4.5) - p) < 1e-14, `t at ${p}`)
  }
  assert.is(our.normalQuantile(0), Number.NEGATIVE_INFINITY)
  assert.is(our.normalQuantile(1), Number.POSITIVE_INFINITY)
  assert.ok(Number.isNaN(our.normalQuantile(1.5)) && Number.isNaN(our.normalQuantile(Number.NaN)))
  assert.is(our.studentQuantile(0.5, 7), 0)
  assert.is(our.studentQuantile(0.975, Number.POSITIVE_INFINITY), our.normalQuantile(0.975))
  // a published table: Abramowitz & Stegun 26.10, four digits
  for (const [dof, t] of [
    [1, 12.706],
    [2, 4.303],
    [5, 2.571],
    [10, 2.228],
    [30, 2.042],
    [120, 1.98],
  ])
    assert.ok(Math.abs(our.studentQuantile(0.975, dof) - t) < 5e-4, `t at ${dof}`)
  // the density is the derivative of the distribution
  for (const x of [-3, -0.4, 0.1, 2]) {
    const h = 1e-5
    assert.ok(Math.abs((our.studentCdf(x + h, 3) - our.studentCdf(x - h, 3)) / (2 * h) - our.studentPdf(x, 3)) < 1e-9)
    assert.ok(Math.abs((our.normalCdf(x + h) - our.normalCdf(x - h)) / (2 * h) - our.normalPdf(x)) < 1e-9)
  }
  for (const bad of [0, -1, Number.NaN]) assert.throws(() => our.studentQuantile(0.9, bad))
  assert.throws(() => our.betaInc(1, 1, 1.5))
  // gamma: factorials, reflection, poles
  let factorial = 1
  for (let n = 1; n < 25; n++) {
    assert.ok(Math.abs(our.lgamma(n) - Math.log(factorial)) <= 2e-15 * Math.max(1, Math.log(factorial)), `lgamma(${n})`)
    factorial *= n
  }
  assert.ok(Math.abs(our.lgamma(-0.5) - Math.log(2 * Math.sqrt(Math.PI))) < 1e-15)
  assert.is(our.lgamma(-3), Number.POSITIVE_INFINITY)
  assert.is(our.lgamma(0), Number.POSITIVE_INFINITY)
})

test('the same bits on every machine', () => {
  // FNV-1a over the bits of all functions on a grid; made on x86-64, Node 20
  let hash = 0xcbf29ce484222325n
  const names = [
    'exp',
    'expm1',
    'log',
    'log1p',
    'log2',
    'log10',
    'sin',
    'cos',
    'tan',
    'asin',
    'acos',
    'atan',
    'sinh',
    'cosh',
    'tanh',
    'cbrt',
  ]
  names.push('erf', 'erfc', 'normalPdf', 'normalCdf', 'normalQuantile', 'lgamma')
  const words = new BigUint64Array(1)
  const double = new Float64Array(words.buffer)
  const mix = (x: number) => {
    double[0] = Number.isNaN(x) ? 0.125 : x
    hash = BigInt.asUintN(64, (hash ^ words[0]) * 0x100000001b3n)
  }
  for (const name of names) {
    for (let i = -200; i <= 200; i++) mix(table[name](i / 64))
    for (const x of [1e-300, 1e-5, 1e5, 1e15, 1e200]) mix(table[name](x))
  }
  for (let i = 1; i < 60; i++) {
    mix(our.pow(i / 7, (i - 30) / 3))
    mix(our.atan2(i - 30, i - 20))
    mix(our.hypot(i, i / 3, 0.1))
    mix(our.studentQuantile(i / 60, i / 4))
  }
  assert.is(hash.toString(16), '8990797d6b3d9a26')
})

test.run()
