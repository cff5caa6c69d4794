import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type BodyInertia,
  bodyInertia,
  eigenOfSquare3,
  fromLogCholesky,
  inertiaDivergence,
  logCholesky,
  matToQuat,
  PSEUDO_INERTIA,
  pseudoInertia,
  quatToMat,
} from '../../bindings/model/inertia.js'
import { loadModel } from '../../bindings/model/load.js'
import { ParameterSpace } from '../../bindings/model/parameters.js'
import { refused } from './parameter-error.js'
import { arm } from './parameter-model.js'

const close = (a: ArrayLike<number>, b: ArrayLike<number>, tolerance: number, what = ''): void => {
  assert.is(a.length, b.length, what)
  for (let i = 0; i < a.length; i++) {
    assert.ok(Math.abs(a[i] - b[i]) <= tolerance, `${what}[${i}]: ${a[i]} and ${b[i]} differ by more than ${tolerance}`)
  }
}

/** I (3, 3) about the centre of mass, in body axes */
function tensor(body: BodyInertia): number[] {
  const r = quatToMat(body.iquat)
  const out: number[] = []
  for (let a = 0; a < 3; a++) {
    for (let b = 0; b < 3; b++) {
      let sum = 0
      for (let k = 0; k < 3; k++) sum += r[3 * a + k] * body.inertia[k] * r[3 * b + k]
      out.push(sum)
    }
  }
  return out
}

/** I about the origin: I_c + m (|c|^2 1 - c c') */
function tensorAtOrigin(body: BodyInertia): number[] {
  const c = body.ipos
  const square = c[0] * c[0] + c[1] * c[1] + c[2] * c[2]
  return tensor(body).map((v, i) => {
    const [a, b] = [Math.floor(i / 3), i % 3]
    return v + body.mass * ((a === b ? square : 0) - c[a] * c[b])
  })
}

/** smallest pivot of a Cholesky factorisation: above 0 exactly when positive definite */
function smallestPivot(matrix: ArrayLike<number>, n: number): number {
  const a = Array.from(matrix)
  let least = Number.POSITIVE_INFINITY
  for (let k = 0; k < n; k++) {
    least = Math.min(least, a[k * n + k])
    for (let i = k + 1; i < n; i++) {
      const f = a[i * n + k] / a[k * n + k]
      for (let j = k; j < n; j++) a[i * n + j] -= f * a[k * n + j]
    }
  }
  return least
}

// algorithms §2.4: a box of 0.2 x 0.3 x 0.4 m, 2 kg
const BOX: BodyInertia = {
  mass: 2,
  ipos: [0.05, -0.02, 0.1],
  iquat: [1, 0, 0, 0],
  inertia: [(2 / 12) * (0.09 + 0.16), (2 / 12) * (0.04 + 0.16), (2 / 12) * (0.04 + 0.09)],
}

test('the published vector', () => {
  const theta = logCholesky(BOX) as Float64Array
  close(theta, [0.346574, -2.851891, -2.446426, -2.158744, 0, 0, 0, 0.05, -0.02, 0.1], 5e-7, 'theta')
  const i = tensorAtOrigin(BOX)
  close([i[0], i[4], i[8], i[1], i[2], i[5]], [0.062467, 0.058333, 0.027467, 0.002, -0.01, 0.004], 5e-7, 'I')
  const back = fromLogCholesky(theta)
  close(tensorAtOrigin(back), i, 1e-15, 'I back')
  assert.is(back.mass, 2)
})

test('J = U U with U as published', () => {
  const theta = [0.3, -1.2, -1.1, -0.9, 0.1, -0.2, 0.05, 0.3, -0.1, 0.2]
  const e = Math.exp(0.3)
  const u = [
    [e * Math.exp(-1.2), e * 0.1, e * -0.2, e * 0.3],
    [0, e * Math.exp(-1.1), e * 0.05, e * -0.1],
    [0, 0, e * Math.exp(-0.9), e * 0.2],
    [0, 0, 0, e],
  ]
  const j = u.flatMap(r => u.map(s => r.reduce((sum, v, k) => sum + v * s[k], 0)))
  close(pseudoInertia(fromLogCholesky(theta)), j, 1e-14, 'J')
})

const theta = fc.tuple(
  fc.double({ min: -4, max: 3, noNaN: true }),
  ...[1, 2, 3].map(() => fc.double({ min: -5, max: 0.5, noNaN: true })),
  ...[4, 5, 6, 7, 8, 9].map(() => fc.double({ min: -0.5, max: 0.5, noNaN: true })),
)

test('any theta is a physical body, and comes back', () => {
  fc.assert(
    fc.property(theta, t => {
      const body = fromLogCholesky(t)
      const [a, b, c] = body.inertia
      // triangle inequality: the largest is at most the sum of the others, up to the rounding of that sum
      assert.ok(a >= b && b >= c && c > 0, `moments ${body.inertia}`)
      assert.ok(a <= (b + c) * (1 + 1e-15), `triangle inequality ${body.inertia}`)
      close([body.iquat.reduce((s, q) => s + q * q, 0)], [1], 1e-14, 'unit quaternion')
      const j = pseudoInertia(body)
      assert.ok(smallestPivot(j, 4) > -1e-15 * (j[0] + j[5] + j[10] + j[15]), 'J positive definite')
    }),
    { seed: 11, numRuns: 2000 },
  )
})

test('theta -> body -> theta is the identity where J is well conditioned', () => {
  const mild = fc.tuple(
    fc.double({ min: -3, max: 2, noNaN: true }),
    ...[1, 2, 3].map(() => fc.double({ min: -2.5, max: -1.5, noNaN: true })),
    ...[4, 5, 6].map(() => fc.double({ min: -0.1, max: 0.1, noNaN: true })),
    ...[7, 8, 9].map(() => fc.double({ min: -0.5, max: 0.5, noNaN: true })),
  )
  fc.assert(
    fc.property(mild, t => {
      const back = logCholesky(fromLogCholesky(t))
      if (back === undefined) assert.unreachable('no log-Cholesky form')
      else close(back, t, 1e-10, 'theta')
    }),
    { seed: 12, numRuns: 1000 },
  )
})

test('even a needle keeps the digits of its smallest moment', () => {
  // condition of Sigma 1e26: forming it would lose the small eigenvalues altogether
  const body = fromLogCholesky([0, -30, -30, 0, 0, 0, 0, 0, 0, 0])
  const small = Math.exp(-60)
  assert.ok(Math.abs(body.inertia[2] / (2 * small) - 1) < 1e-14, `${body.inertia[2]}`)
  const flat = fromLogCholesky([0, -20, -20, -20, 0.5, 0.5, 0.5, 0, 0, 0])
  assert.ok(flat.inertia.every(v => v > 0))
})

test('eigenvectors diagonalise l l and form a rotation', () => {
  // squares of smaller numbers underflow
  const entry = fc.double({ min: -2, max: 2, noNaN: true }).map(v => (Math.abs(v) < 1e-100 ? 0 : v))
  fc.assert(
    fc.property(fc.array(entry, { minLength: 9, maxLength: 9 }), l => {
      const { values, vectors } = eigenOfSquare3(l)
      const s = (i: number, j: number): number => [0, 1, 2].reduce((sum, k) => sum + l[3 * i + k] * l[3 * j + k], 0)
      const scale = s(0, 0) + s(1, 1) + s(2, 2)
      for (let i = 0; i < 3; i++) {
        for (let j = 0; j < 3; j++) {
          const rebuilt = [0, 1, 2].reduce((sum, k) => sum + vectors[3 * i + k] * values[k] * vectors[3 * j + k], 0)
          assert.ok(Math.abs(rebuilt - s(i, j)) <= 1e-14 * scale + 1e-300, `${i} ${j}`)
          const dot = [0, 1, 2].reduce((sum, k) => sum + vectors[3 * k + i] * vectors[3 * k + j], 0)
          assert.ok(Math.abs(dot - (i === j ? 1 : 0)) < 1e-14, 'orthonormal')
        }
      }
      const [a, b, c, d, e, f, g, h, k] = vectors
      assert.ok(Math.abs(a * (e * k - f * h) - b * (d * k - f * g) + c * (d * h - e * g) - 1) < 1e-14, 'right-handed')
      assert.ok(values[0] >= values[1] && values[1] >= values[2] && values[2] >= 0, 'sorted, none negative')
    }),
    { seed: 13, numRuns: 1000 },
  )
})

test('rotation matrix and quaternion are inverse to each other', () => {
  const q = fc.tuple(...[0, 1, 2, 3].map(() => fc.double({ min: -1, max: 1, noNaN: true })))
  fc.assert(
    fc.property(q, raw => {
      const norm = Math.hypot(...raw)
      fc.pre(norm > 0.1)
      const unit = raw.map(v => v / norm)
      const back = matToQuat(quatToMat(unit))
      const sign = Math.sign(unit.reduce((s, v, i) => s + v * back[i], 0))
      close(
        back,
        unit.map(v => sign * v),
        1e-14,
        'quat',
      )
      assert.ok((back.find(v => v !== 0) as number) > 0)
    }),
    { seed: 14, numRuns: 500 },
  )
})

test('a body that is not solid has no coordinates', () => {
  assert.is(logCholesky({ ...BOX, mass: 0 }), undefined)
  // a flat plate: Iz = Ix + Iy
  assert.is(logCholesky({ ...BOX, inertia: [0.1, 0.2, 0.3] }), undefined)
  assert.is(logCholesky({ ...BOX, inertia: [0.1, 0.1, 0.3] }), undefined)
})

test('divergence: zero at the reference, positive elsewhere, tr(J J0^-1) - log det - 4', () => {
  assert.ok(Math.abs(inertiaDivergence(BOX, BOX)) < 1e-14)
  // doubling the density doubles J: 4 * 2 - 4 log 2 - 4
  const double = { ...BOX, mass: 4, inertia: Array.from(BOX.inertia, v => 2 * v) }
  assert.ok(Math.abs(inertiaDivergence(double, BOX) - (8 - 4 * Math.log(2) - 4)) < 1e-12)
  fc.assert(
    fc.property(theta, t => {
      const body = fromLogCholesky(t)
      // a body flat to rounding has no coordinates any more
      fc.pre(logCholesky(body) !== undefined)
      return inertiaDivergence(body, BOX) > 0
    }),
    { seed: 15, numRuns: 200 },
  )
  refused(() => inertiaDivergence({ ...BOX, mass: 0 }, BOX))
})

test('MuJoCo compiles the same full inertia to the same body', async () => {
  const t = [0.2, -2.3, -2.1, -2.4, 0.03, -0.02, 0.04, 0.1, -0.05, 0.2]
  const body = fromLogCholesky(t)
  const i = tensor(body)
  const model = await loadModel(
    `<mujoco><worldbody><body name="b"><freejoint/><inertial mass="${body.mass}" pos="${Array.from(body.ipos).join(' ')}"
      fullinertia="${[i[0], i[4], i[8], i[1], i[2], i[5]].join(' ')}"/></body></worldbody></mujoco>`,
  )
  const compiled = bodyInertia(model, 1)
  close(compiled.inertia, body.inertia, 1e-14, 'inertia')
  close(tensor(compiled), i, 1e-14, 'tensor')
  close(logCholesky(compiled) as Float64Array, t, 1e-9, 'theta')
})

test('pseudo_inertia in a space: ten parameters, bounds of the toolbox, defaults untouched', async () => {
  const model = await arm()
  const space = ParameterSpace.from(model, [{ path: 'body/upper/pseudo_inertia' }])
  assert.equal(
    space.names,
    PSEUDO_INERTIA.map(n => `body/upper/pseudo_inertia/${n}`),
  )
  const width = space.upper.map((u, i) => u - space.lower[i])
  close(width, [Math.log(100) / 2, ...[1, 2, 3].map(() => Math.log(4) / 2), 1, 1, 1, 1, 1, 1], 1e-12, 'width')
  // at the start nothing changes, not one bit
  const same = space.apply(space.start)
  for (const field of ['body_mass', 'body_ipos', 'body_iquat', 'body_inertia'])
    assert.equal(same.field[field], model.field[field])
  // elsewhere the four fields are those of the coordinates
  const theta = space.start.slice()
  theta[0] += 0.1
  theta[5] += 0.02
  theta[9] -= 0.03
  const changed = space.apply(theta)
  close(logCholesky(bodyInertia(changed, 2)) as Float64Array, theta, 1e-10, 'theta')
  close(bodyInertia(changed, 1).inertia, bodyInertia(model, 1).inertia, 0, 'other bodies')
})

test('some coordinates alone, the others stay', async () => {
  const model = await arm()
  const space = ParameterSpace.from(model, [
    { path: 'body/upper/pseudo_inertia/alpha' },
    { path: 'body/hand/pseudo_inertia/t3', min: 0, max: 0.1 },
  ])
  const changed = space.apply(Float64Array.of(Math.log(2) / 2, 0.06))
  close([changed.field.body_mass[2]], [2], 1e-14, 'mass')
  // alpha scales density: inertia in proportion
  const ratio = 2 / model.field.body_mass[2]
  close(
    tensor(bodyInertia(changed, 2)),
    tensor(bodyInertia(model, 2)).map(v => v * ratio),
    1e-15,
    'inertia',
  )
  close([changed.field.body_ipos[11]], [0.06], 0, 'com')
  close([changed.field.body_mass[3]], [0.4], 1e-15, 'mass of the hand')
})

test('log-Cholesky refuses what contradicts it', async () => {
  const model = await arm()
  const error = (spec: Parameters<typeof ParameterSpace.from>[1]): string =>
    refused(() => ParameterSpace.from(model, spec)).message
  const path = 'body/upper/pseudo_inertia'
  assert.match(error([{ path }, { path: 'body/upper/mass', min: 1, max: 2 }]), /both write body_mass\[2\]/)
  assert.match(error([{ path }, { path: 'body/upper/ipos/x', min: 0, max: 1 }]), /both write body_ipos\[6\]/)
  assert.match(error([{ path }, { path: `${path}/d1`, name: 'again' }]), /both write pseudo_inertia\[21\]/)
  assert.match(error([{ path, min: 0, max: 1 }]), /cannot share bounds/)
  assert.match(error([{ path, scale: true }]), /"scale"/)
  assert.match(error([{ path, transform: 'log' }]), /logarithms already/)
  const recordings = { 'a*': { 'body/upper/mass': 2 } }
  assert.match(error({ parameters: [{ path }], recordings }), /both write body_mass\[2\]/)
})

test.run()
