/** Policies: what a controller is made of, its parameters, how to save it and how to run it elsewhere. */

export { memorySize } from '../program.js'
export { generatePolicy } from './codegen.js'
export { initialTheta } from './init.js'
export {
  type Block,
  describeNetwork,
  type LayerShape,
  makeNetwork,
  parameterBlocks,
  stackLayers,
} from './network.js'
export { NORMALIZER_RULES, Normalizer, type NormalizerRule, type Statistics } from './normalizer.js'
export { Policy, type PolicyInit, type PolicyMeta } from './policy.js'
export { readPolicy, savePolicy } from './save.js'
export {
  formatSpec,
  gru,
  type LinearSpec,
  linear,
  lstm,
  type MlpSpec,
  mlp,
  type Output,
  type PolicySpec,
  parseSpec,
  type RecurrentSpec,
} from './spec.js'
