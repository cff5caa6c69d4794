/** What the kernels of strategies and rollouts are compiled with beside a model: the tables of program.ts as constants. */
import { STREAM } from '../../math/index.js'
import {
  ACTIVATION,
  END,
  GRADIENT,
  LAYER,
  LAYER_WORDS,
  memorySize,
  type Network,
  OUT,
  PERTURB,
  PIECE,
  PLACE_BITS,
  type Program,
  ROLLOUT,
  TASK_NEED,
  TRACK,
  UNIT,
} from '../../program.js'
import { wideSize } from '../episodes.js'
import type { RolloutSettings } from '../rollout.js'
import type { Typed } from './link.js'

/** quantities of a world's work memory before `io`: W_IO of kernels/rollout/episode.wgsl */
const FIXED_WORK = 7

/** Enumerations by their names in assembly/shared; R_ and G_ with a word's name: its place in the rollout or gradient record. */
export function programConstants(): Map<string, number> {
  const out = new Map<string, number>([
    ['PLACE_BITS', PLACE_BITS],
    ['LAYER_WORDS', LAYER_WORDS.length],
  ])
  const tables = { STREAM, TASK_NEED, LAYER, ACTIVATION, END, PERTURB, OUT, TRACK, PIECE, UNIT }
  for (const [prefix, entries] of Object.entries(tables))
    for (const [name, value] of Object.entries(entries)) out.set(`${prefix}_${name.toUpperCase()}`, value)
  for (const [i, name] of LAYER_WORDS.entries()) out.set(`LAYER_AT_${name.toUpperCase()}`, i)
  for (const [i, name] of ROLLOUT.entries()) out.set(`R_${name}`, i)
  for (const [i, name] of GRADIENT.entries()) out.set(`G_${name}`, i)
  return out
}

/** What stays the same for all runs that one build of the rollout kernels serves. Addresses are of T. */
export interface RolloutBuild {
  readonly program: Program
  readonly network: Network
  readonly settings: RolloutSettings
  /** PERTURB */
  readonly perturb: number
  readonly rank: number
  /** control periods a command is kept for delays; more than are needed change nothing; 0: none */
  readonly nring: number
  /** 0: observations are not clipped */
  readonly clip: number
  /** parameters that differ by episode, and whether initial positions follow from them */
  readonly nvalue: number
  readonly fromParameters: boolean
  /** mean and scale are 0 where observations are not normalised */
  readonly at: Readonly<
    Record<'delayof' | 'template' | 'valueof' | 'network' | 'theta' | 'normals' | 'mean' | 'scale', number>
  >
}

/** Widest of a network's observations, actions and layers. */
export function widestOf(network: Network): number {
  return Math.max(network.nobs, network.nact, ...network.layers.map(layer => layer.nout))
}

/** Words of the rollout record as constants r_…; those that are not here stand in the record at call.a0 of T. */
export function rolloutConstants(build: RolloutBuild): Map<string, number | Typed> {
  const { program, network, settings, perturb, rank, at } = build
  const single = (value: number): Typed => ({ type: 'f32', value })
  return new Map(
    Object.entries({
      T: settings.T,
      frameskip: settings.frameSkip,
      nobs: network.nobs,
      nact: network.nact,
      nterm: program.terms.length,
      nmetric: program.metrics.length,
      ncommand: program.command.length,
      nslot: program.nslot,
      ninput: program.ninput,
      needs: program.needs,
      nring: build.nring,
      delay: single(settings.delay ?? 0),
      nvalue: build.nvalue,
      nlayer: network.layers.length,
      nparam: network.nparam,
      nmemory: memorySize(network),
      widest: widestOf(network),
      perturb,
      rank,
      nwide: wideSize(network, perturb, rank),
      actionnoise: single(settings.actionNoise ?? 0),
      clip: single(build.clip),
      nout: OUT.FIRST + program.terms.length + program.metrics.length,
      fromparams: Number(build.fromParameters),
      ...at,
    }).map(([name, value]) => [`r_${name}`, value]),
  )
}

/** Quantities of E that a world needs. @param nio numbers of the task's kernel (bindings/task/kernel.ts) */
export function rolloutWork({ program, network, perturb, rank, nring }: RolloutBuild, nio: number): number {
  return (
    FIXED_WORK +
    nio +
    program.nslot +
    nring * program.command.length +
    program.terms.length +
    program.metrics.length +
    3 * network.nobs +
    memorySize(network) +
    6 * widestOf(network) +
    rank +
    wideSize(network, perturb, rank)
  )
}
