/**
 * A network's layers in plain TypeScript: the reference of the kernels, in their order of operations, every operation
 * rounded to single precision. Only tanh, sigmoid and expm1 differ in their last bits: here they are rounded from double
 * precision.
 */
import { expm1, sigmoid, tanh } from '../math/index.js'
import { ACTIVATION, LAYER, type Layer, layerMemory, type Network } from '../program.js'

const f = Math.fround

/**
 * One network on one observation.
 *
 * @param x normalised observation (nobs)
 * @param memory of this one, from `memoryAt`; read and replaced
 * @param out action (nact), from `outAt`
 */
export function forward(
  network: Network,
  theta: Float32Array,
  x: Float32Array,
  memory: Float32Array,
  memoryAt: number,
  out: Float32Array,
  outAt: number,
): void {
  let input = x
  let at = memoryAt
  for (const layer of network.layers) {
    const y = new Float32Array(layer.nout)
    if (layer.kind === LAYER.GRU) gruLayer(layer, theta, input, memory, at, y)
    else if (layer.kind === LAYER.LSTM) lstmLayer(layer, theta, input, memory, at, y)
    else denseLayer(layer, theta, input, y)
    at += layerMemory(layer)
    input = y
  }
  out.set(input, outAt)
}

/** acc + W[row] x, in ascending order of x; W (rows, n) from `at`. */
function dot(acc: number, theta: Float32Array, at: number, row: number, x: Float32Array, n: number, from = 0): number {
  const w = at + row * n
  for (let i = 0; i < n; i++) acc = f(acc + f(theta[w + i] * x[from + i]))
  return acc
}

/** y = activation(W x + b), the bias first. */
function denseLayer(
  { nin, nout, offset, bias, activation }: Layer,
  theta: Float32Array,
  x: Float32Array,
  y: Float32Array,
) {
  const b = offset + nout * nin
  for (let o = 0; o < nout; o++) y[o] = activate(activation, dot(bias ? theta[b + o] : 0, theta, offset, o, x, nin))
}

/**
 * z = s(b_z + W_z x + U_z h), r = s(b_r + W_r x + U_r h), n = tanh(b_n + W_n x + r (c_n + U_n h)), h' = (1 - z) n + z h,
 * the last as z (h - n) + n.
 *   source Cho et al. 2014, in the form of cuDNN: the reset gate acts on U_n h + c_n
 */
function gruLayer(
  { nin, nout, offset }: Layer,
  theta: Float32Array,
  x: Float32Array,
  h: Float32Array,
  at: number,
  y: Float32Array,
) {
  const u = offset + 3 * nout * nin
  const b = u + 3 * nout * nout
  const c = b + 3 * nout
  for (let o = 0; o < nout; o++) {
    const gate = (k: number): number => {
      const row = k * nout + o
      return f(sigmoid(dot(dot(theta[b + row], theta, offset, row, x, nin), theta, u, row, h, nout, at)))
    }
    const z = gate(0)
    const r = gate(1)
    const row = 2 * nout + o
    const seen = dot(theta[b + row], theta, offset, row, x, nin)
    const kept = dot(theta[c + o], theta, u, row, h, nout, at)
    const n = f(tanh(f(seen + f(r * kept))))
    y[o] = f(f(z * f(h[at + o] - n)) + n)
  }
  h.set(y, at)
}

/** i, f, o = s(b + W x + U h), g = tanh(…), c' = f c + i g, h' = o tanh c'; memory h (nout), then c (nout). */
function lstmLayer(
  { nin, nout, offset }: Layer,
  theta: Float32Array,
  x: Float32Array,
  memory: Float32Array,
  at: number,
  y: Float32Array,
) {
  const u = offset + 4 * nout * nin
  const b = u + 4 * nout * nout
  const cell = at + nout
  for (let o = 0; o < nout; o++) {
    const sum = (k: number): number => {
      const row = k * nout + o
      return dot(dot(theta[b + row], theta, offset, row, x, nin), theta, u, row, memory, nout, at)
    }
    const i = f(sigmoid(sum(0)))
    const forget = f(sigmoid(sum(1)))
    const g = f(tanh(sum(2)))
    const out = f(sigmoid(sum(3)))
    const c = f(f(forget * memory[cell + o]) + f(i * g))
    memory[cell + o] = c
    y[o] = f(out * f(tanh(c)))
  }
  // h last: every unit reads the old one
  memory.set(y, at)
}

function activate(activation: number, x: number): number {
  switch (activation) {
    case ACTIVATION.tanh:
      return f(tanh(x))
    case ACTIVATION.relu:
      return Math.max(x, 0)
    case ACTIVATION.elu:
      return x > 0 ? x : f(expm1(x))
    case ACTIVATION.softsign:
      return f(x / f(1 + Math.abs(x)))
    default:
      return x
  }
}
