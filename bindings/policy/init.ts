/**
 * First parameters of a policy.
 *
 *   hidden weights    N(0, 1 / fan_in), biases 0
 *   output weights    a hundredth of that: the first actions are near 0
 *   linear            all 0, as ARS starts (Mania et al. 2018)
 *   GRU               update gate's bias 1: memory is kept until there is a reason
 *   LSTM              forget gate's bias 1, for the same reason (Jozefowicz et al. 2015)
 */
import { Philox, STREAM } from '../math/index.js'
import { LAYER, type Network } from '../program.js'
import { parameterBlocks } from './network.js'

/** Scale of the output layer's weights against a hidden layer's. */
const OUTPUT_SCALE = 0.01

/**
 * Parameters to start from, the same for the same seed on any machine: weight j of matrix k of the network is normal j
 * of (pair k, generation 0) of STREAM.policy, times its deviation in double precision, rounded once.
 *
 * @returns theta (nparam)
 */
export function initialTheta(network: Network, seed: number): Float32Array {
  const theta = new Float32Array(network.nparam)
  const { layers } = network
  if (layers.length === 1 && layers[0].kind === LAYER.DENSE) return theta
  const random = new Philox(seed, STREAM.policy)
  for (const [k, { layer, offset, rows, cols, matrix, name }] of parameterBlocks(network).entries()) {
    const { kind, nout } = layers[layer]
    if (matrix) {
      const output = layer === layers.length - 1 && kind === LAYER.DENSE
      const deviation = (output ? OUTPUT_SCALE : 1) / Math.sqrt(cols)
      const normals = new Float64Array(rows * cols)
      random.fillNormal(normals, k, 0)
      for (let j = 0; j < normals.length; j++) theta[offset + j] = deviation * normals[j]
    } else if (name === 'bias' && kind === LAYER.GRU) {
      theta.fill(1, offset, offset + nout) // b_z
    } else if (name === 'bias' && kind === LAYER.LSTM) {
      theta.fill(1, offset + nout, offset + 2 * nout) // b_f
    }
  }
  return theta
}
