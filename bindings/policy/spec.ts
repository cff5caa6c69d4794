/**
 * What a policy is made of, before it is known what it sees and moves: chosen in code or as a word on the command line.
 */
import { TaskError } from '../errors.js'
import { ACTIVATION, type Activation } from '../program.js'

/** What the last layer ends with: the sum itself, or its tanh, which stays within (-1, 1). */
export type Output = 'none' | 'tanh'

/** a = W x (+ b), as in ARS. */
export interface LinearSpec {
  readonly kind: 'linear'
  readonly bias: boolean
  readonly output: Output
}

/** Hidden dense layers, each with its bias and the activation, then a dense output. */
export interface MlpSpec {
  readonly kind: 'mlp'
  readonly hidden: readonly number[]
  readonly activation: Activation
  readonly output: Output
}

/** One recurrent layer of `size` units with a dense head: it remembers within an episode. */
export interface RecurrentSpec {
  readonly kind: 'gru' | 'lstm'
  readonly size: number
  readonly output: Output
}

export type PolicySpec = LinearSpec | MlpSpec | RecurrentSpec

/** Widest layer: beyond it a word was mistyped. */
const MAX_WIDTH = 16384

/** A linear policy. @param options.bias default false; @param options.output default 'none' */
export function linear(options: { readonly bias?: boolean; readonly output?: Output } = {}): LinearSpec {
  return { kind: 'linear', bias: options.bias ?? false, output: checkOutput(options.output ?? 'none') }
}

/**
 * A perceptron.
 *
 * @param hidden units of each hidden layer, at least one
 * @param activation of the hidden layers; default 'tanh'
 * @param options.output default 'tanh'
 * @throws {TaskError} POLICY_SPEC
 */
export function mlp(
  hidden: readonly number[],
  activation: Activation = 'tanh',
  options: { readonly output?: Output } = {},
): MlpSpec {
  if (hidden.length === 0) throw bad('mlp: no hidden layer; a policy without one is `linear`')
  for (const units of hidden) checkUnits('mlp', units)
  if (!Object.hasOwn(ACTIVATION, activation))
    throw bad(`mlp: no activation '${activation}'; known: ${Object.keys(ACTIVATION).join(', ')}`)
  return { kind: 'mlp', hidden: [...hidden], activation, output: checkOutput(options.output ?? 'tanh') }
}

/** A gated recurrent unit (Cho et al. 2014) with a dense head. @param options.output default 'tanh' */
export function gru(size: number, options: { readonly output?: Output } = {}): RecurrentSpec {
  return { kind: 'gru', size: checkUnits('gru', size), output: checkOutput(options.output ?? 'tanh') }
}

/** A long short-term memory (Hochreiter & Schmidhuber 1997; forget gate of Gers 2000) with a dense head. */
export function lstm(size: number, options: { readonly output?: Output } = {}): RecurrentSpec {
  return { kind: 'lstm', size: checkUnits('lstm', size), output: checkOutput(options.output ?? 'tanh') }
}

const GRAMMAR =
  'linear[:bias][:OUT], mlp:32x32[:ACTIVATION][:OUT], gru:32[:OUT] or lstm:32[:OUT], with OUT none or tanh'

/**
 * The spec a word names: `linear`, `linear:bias`, `mlp:32x32`, `mlp:64x64:relu:none`, `gru:32`, `lstm:16:none`.
 * `mlp:64:tanh` is the activation, `mlp:64:tanh:tanh` the output as well. Inverse of formatSpec.
 *
 * @throws {TaskError} POLICY_SPEC
 */
export function parseSpec(text: string): PolicySpec {
  const [kind, ...rest] = text.trim().split(':')
  const unknown = (part: string): TaskError => bad(`policy '${text}': cannot read '${part}'; expected ${GRAMMAR}`)
  // the words from the right: output, then what the kind has
  const take = (accepts: (word: string) => boolean): string | undefined =>
    rest.length > 0 && accepts(rest[0]) ? rest.shift() : undefined
  const output = (): { output?: Output } => {
    const word = take(isOutput) as Output | undefined
    if (rest.length > 0) throw unknown(rest[0])
    return word === undefined ? {} : { output: word }
  }
  const sizes = (): number[] => {
    const word = rest.shift() ?? ''
    if (!/^\d{1,9}(x\d{1,9})*$/.test(word)) throw unknown(word === '' ? text : word)
    return word.split('x').map(Number)
  }
  switch (kind) {
    case 'linear': {
      const bias = take(word => word === 'bias') !== undefined
      return linear({ bias, ...output() })
    }
    case 'mlp': {
      const hidden = sizes()
      const activation = take(word => Object.hasOwn(ACTIVATION, word)) as Activation | undefined
      return mlp(hidden, activation, output())
    }
    case 'gru':
    case 'lstm': {
      const [size, ...more] = sizes()
      if (more.length > 0) throw unknown(`${size}x${more.join('x')}`)
      return kind === 'gru' ? gru(size, output()) : lstm(size, output())
    }
    default:
      throw unknown(kind)
  }
}

/** A word that parseSpec reads as this spec. */
export function formatSpec(spec: PolicySpec): string {
  switch (spec.kind) {
    case 'linear':
      return `linear${spec.bias ? ':bias' : ''}${spec.output === 'none' ? '' : `:${spec.output}`}`
    case 'mlp':
      return `mlp:${spec.hidden.join('x')}:${spec.activation}${spec.output === 'tanh' ? '' : `:${spec.output}`}`
    default:
      return `${spec.kind}:${spec.size}${spec.output === 'tanh' ? '' : `:${spec.output}`}`
  }
}

const isOutput = (word: string): word is Output => word === 'none' || word === 'tanh'

function checkOutput(output: Output): Output {
  if (!isOutput(output)) throw bad(`no output '${output}'; known: none, tanh`)
  return output
}

function checkUnits(kind: string, units: number): number {
  if (!Number.isInteger(units) || units < 1 || units > MAX_WIDTH)
    throw bad(`${kind}: got ${units} units, expected a whole number between 1 and ${MAX_WIDTH}`)
  return units
}

function bad(message: string): TaskError {
  return new TaskError('POLICY_SPEC', message)
}
