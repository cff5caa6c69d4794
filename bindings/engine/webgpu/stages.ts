/** A timestep as one kernel, or as one kernel a stage. */
import type { Model } from '../../model/model.js'
import type { GpuEngine, Kernel, Stage, Timestep } from './engine.js'
import type { Constants } from './link.js'
import { expandedSize } from './size.js'

/**
 * Tokens up to which a timestep is one kernel. One kernel makes many timesteps in a dispatch, which is what small models
 * gain by: their worlds are done before the next dispatch has begun. Compilers take more than twice the time over twice the
 * text, and a large kernel keeps many registers, so that fewer worlds run side by side: larger models go in stages.
 */
const FUSED_TOKENS = 16_000
/** mjINT_RK4 */
const RUNGE_KUTTA = 1

/** Is a timestep small enough for one kernel? */
export function stepIsSmall(engine: GpuEngine, constants: Constants): boolean {
  return expandedSize(engine.text({ path: 'index', name: 'step' }, constants), 'step') <= FUSED_TOKENS
}

/** Kernels that make a timestep one after the other. @param contacts geoms may touch */
export async function stagesOf(
  kernel: (name: string) => Promise<Kernel>,
  model: Model,
  contacts: boolean,
): Promise<Timestep> {
  // all at once: compilers work side by side
  const [smooth, collide, constraint, solve, advance] = await Promise.all(
    ['smoothStage', 'collideStage', 'constraintStage', 'solveStage', 'advanceStage'].map(kernel),
  )
  const stages: Stage[] = []
  for (let a0 = 0; a0 < (model.field.opt_integrator[0] === RUNGE_KUTTA ? 4 : 1); a0++)
    for (const stage of [smooth, ...(contacts ? [collide] : []), constraint, solve, advance])
      stages.push({ kernel: stage, a0 })
  return { stages, timed: solve }
}
