/**
 * The layers of a policy and where each finds its parameters in the flat vector theta. Layout: Layer in program.ts.
 */
import { SizeError } from '../errors.js'
import { ACTIVATION, LAYER, type Layer, type Network } from '../program.js'
import type { PolicySpec } from './spec.js'

/** What a network is made of, without the offsets that follow from it. */
export type LayerShape = Omit<Layer, 'nin' | 'offset'>

/** A matrix or vector of parameters within theta. */
export interface Block {
  /** as in saved files: weight, bias; weight_input, weight_memory, bias, bias_memory */
  readonly name: string
  /** index of its layer */
  readonly layer: number
  /** first parameter in theta; row-major from there */
  readonly offset: number
  readonly rows: number
  /** 1 for a vector */
  readonly cols: number
  /** a matrix, which low-rank perturbations factor; false for biases */
  readonly matrix: boolean
}

/** More parameters than evolution strategies can do anything with: 1 GB of theta. */
const MAX_PARAMETERS = 1 << 28

/**
 * The network of a spec.
 *
 * @param nobs numbers it sees, physical parameters and latents among them (s.param and s.input of a task)
 * @param nact numbers it gives
 * @throws {SizeError} POLICY_SIZE
 */
export function makeNetwork(spec: PolicySpec, nobs: number, nact: number): Network {
  const head: LayerShape = { kind: LAYER.DENSE, nout: nact, activation: ACTIVATION[spec.output], bias: true }
  switch (spec.kind) {
    case 'linear':
      return stackLayers(nobs, [{ ...head, bias: spec.bias }])
    case 'mlp': {
      const activation = ACTIVATION[spec.activation]
      const hidden = spec.hidden.map(nout => ({ kind: LAYER.DENSE, nout, activation, bias: true }))
      return stackLayers(nobs, [...hidden, head])
    }
    default: {
      const kind = spec.kind === 'gru' ? LAYER.GRU : LAYER.LSTM
      return stackLayers(nobs, [{ kind, nout: spec.size, activation: ACTIVATION.none, bias: true }, head])
    }
  }
}

/**
 * A network of any layers, each fed by the one before it; what makeNetwork and saved policies come down to.
 *
 * @throws {SizeError} POLICY_SIZE
 */
export function stackLayers(nobs: number, shapes: readonly LayerShape[]): Network {
  if (shapes.length === 0) throw new SizeError('POLICY_SIZE', 'a network needs at least one layer')
  const check = (what: string, n: number): void => {
    if (!Number.isInteger(n) || n < 1)
      throw new SizeError('POLICY_SIZE', `${what}: got ${n}, expected a positive whole number`)
  }
  check('nobs', nobs)
  const layers: Layer[] = []
  let nin = nobs
  let offset = 0
  for (const [i, { kind, nout, activation, bias }] of shapes.entries()) {
    check(i === shapes.length - 1 ? 'nact' : `layer ${i}`, nout)
    layers.push({ kind, nin, nout, activation, bias, offset })
    offset += layerSize(layers[i])
    nin = nout
  }
  if (!(offset <= MAX_PARAMETERS))
    throw new SizeError('POLICY_SIZE', `a policy of ${offset} parameters; at most ${MAX_PARAMETERS} are supported`)
  return { layers, nobs, nact: nin, nparam: offset }
}

/** Number of parameters of a layer. */
export function layerSize({ kind, nin, nout, bias }: Layer): number {
  if (kind === LAYER.GRU) return 3 * nout * (nin + nout + 1) + nout
  if (kind === LAYER.LSTM) return 4 * nout * (nin + nout + 1)
  return nout * (nin + (bias ? 1 : 0))
}

/**
 * Every matrix and vector of a network, in the order of theta, without gaps. The gates of a recurrent layer stand in one
 * matrix: W of a GRU is (3 nout, nin).
 */
export function parameterBlocks(network: Network): Block[] {
  const blocks: Block[] = []
  for (const [layer, { kind, nin, nout, bias, offset }] of network.layers.entries()) {
    let at = offset
    const add = (name: string, rows: number, cols: number, matrix: boolean): void => {
      blocks.push({ name, layer, offset: at, rows, cols, matrix })
      at += rows * cols
    }
    if (kind === LAYER.DENSE) {
      add('weight', nout, nin, true)
      if (bias) add('bias', nout, 1, false)
    } else {
      const gates = kind === LAYER.GRU ? 3 : 4
      add('weight_input', gates * nout, nin, true)
      add('weight_memory', gates * nout, nout, true)
      add('bias', gates * nout, 1, false)
      if (kind === LAYER.GRU) add('bias_memory', nout, 1, false)
    }
  }
  return blocks
}

/** A network in a line for people: `11-32-32-3 tanh`, `11-gru32-3`. */
export function describeNetwork(network: Network): string {
  const kinds = ['', 'gru', 'lstm']
  const words = Object.keys(ACTIVATION)
  const name = ({ kind, nout }: Layer): string => `${kinds[kind]}${nout}`
  const inner = network.layers.slice(0, -1).map(layer => words[layer.activation])
  const activations = [...new Set(inner)].filter(word => word !== 'none')
  const out = words[network.layers[network.layers.length - 1].activation]
  const ends = [...activations, ...(out === 'none' ? [] : [`${out} output`])]
  return [[network.nobs, ...network.layers.map(name)].join('-'), ends.join(', ')].filter(word => word !== '').join(' ')
}
