/**
 * CMA-ES as the tutorial prints it, one array operation after the other: what the optimised strategy must agree with. It is given the
 * candidates, so neither random numbers nor the choice of eigenvectors matter.
 */
import type { CmaConstants } from '../../bindings/es/index.js'

type Matrix = number[][]

export class Textbook {
  readonly c: CmaConstants
  mean: number[]
  sigma: number
  C: Matrix
  ps: number[]
  pc: number[]
  private inverseRoot: Matrix
  private g = 0
  private eigenGeneration = 0

  constructor(c: CmaConstants, mean: readonly number[], sigma: number) {
    this.c = c
    this.mean = [...mean]
    this.sigma = sigma
    this.C = mean.map((_, i) => mean.map((_, j) => (i === j ? 1 : 0)))
    this.inverseRoot = this.C.map(r => [...r])
    this.ps = mean.map(() => 0)
    this.pc = mean.map(() => 0)
  }

  tell(x: readonly number[][], f: readonly number[]): void {
    const { n, lambda, mu, weights, muEff, cSigma, dSigma, cc, c1, cmu, chiN } = this.c
    const sorted = x.map((xi, k) => ({ y: xi.map((v, i) => (v - this.mean[i]) / this.sigma), f: f[k], k }))
    sorted.sort((a, b) => a.f - b.f || a.k - b.k)
    const y = sorted.map(s => s.y)
    const yw = this.mean.map((_, i) => y.slice(0, mu).reduce((s, v, r) => s + weights[r] * v[i], 0))
    this.mean = this.mean.map((m, i) => m + this.sigma * yw[i])
    this.g++
    const whitened = times(this.inverseRoot, yw)
    this.ps = this.ps.map((p, i) => (1 - cSigma) * p + Math.sqrt(cSigma * (2 - cSigma) * muEff) * whitened[i])
    const square = this.ps.reduce((s, p) => s + p * p, 0)
    const h = square / (n * (1 - (1 - cSigma) ** (2 * this.g))) < 2 + 4 / (n + 1) ? 1 : 0
    this.pc = this.pc.map((p, i) => (1 - cc) * p + h * Math.sqrt(cc * (2 - cc) * muEff) * yw[i])
    const total = weights.reduce((s, w) => s + w, 0)
    const bounded = y.map((v, r) => {
      if (weights[r] >= 0) return weights[r]
      return (weights[r] * n) / times(this.inverseRoot, v).reduce((s, t) => s + t * t, 0)
    })
    const decay = 1 - c1 * (1 - (1 - h) * cc * (2 - cc)) - cmu * total
    this.C = this.C.map((row, i) =>
      row.map((v, j) => {
        let s = decay * v + c1 * this.pc[i] * this.pc[j]
        for (let r = 0; r < lambda; r++) s += cmu * bounded[r] * y[r][i] * y[r][j]
        return s
      }),
    )
    this.sigma *= Math.exp(Math.min(1, (cSigma / dSigma) * (Math.sqrt(square) / chiN - 1)))
    if (this.g - this.eigenGeneration >= 1 / (10 * n * (c1 + cmu))) {
      this.inverseRoot = inverseSquareRoot(this.C)
      this.eigenGeneration = this.g
    }
  }
}

function times(a: Matrix, v: readonly number[]): number[] {
  return a.map(row => row.reduce((s, t, j) => s + t * v[j], 0))
}

/** C^(-1/2) by cyclic Jacobi rotations (Golub & Van Loan 2013, section 8.5) */
function inverseSquareRoot(c: Matrix): Matrix {
  const n = c.length
  const a = c.map(r => [...r])
  const v: Matrix = c.map((_, i) => c.map((_, j) => (i === j ? 1 : 0)))
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        off += Math.abs(a[p][q]) / Math.sqrt(a[p][p] * a[q][q])
        if (a[p][q] === 0) continue
        const theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
        const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
        const cos = 1 / Math.sqrt(t * t + 1)
        const sin = t * cos
        for (let k = 0; k < n; k++) {
          const x = a[k][p]
          const y = a[k][q]
          a[k][p] = cos * x - sin * y
          a[k][q] = sin * x + cos * y
        }
        for (let k = 0; k < n; k++) {
          const x = a[p][k]
          const y = a[q][k]
          a[p][k] = cos * x - sin * y
          a[q][k] = sin * x + cos * y
          const s = v[k][p]
          const u = v[k][q]
          v[k][p] = cos * s - sin * u
          v[k][q] = sin * s + cos * u
        }
      }
    }
    if (off < 1e-15) break
  }
  return a.map((_, i) => a.map((_, j) => a.reduce((s, _r, k) => s + (v[i][k] * v[j][k]) / Math.sqrt(a[k][k]), 0)))
}
