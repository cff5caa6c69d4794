import type { SizeName } from '../fields.js'

/** Kinds of named elements a Model keeps the names of, in id order; an unnamed element has ''. */
export interface ModelNames {
  readonly body: readonly string[]
  readonly joint: readonly string[]
  readonly geom: readonly string[]
  readonly site: readonly string[]
  readonly equality: readonly string[]
  readonly actuator: readonly string[]
  readonly sensor: readonly string[]
  readonly key: readonly string[]
  readonly tendon: readonly string[]
  readonly pair: readonly string[]
  readonly exclude: readonly string[]
}

/**
 * A compiled robot: MuJoCo's mjModel numbers under MuJoCo's names, as readonly typed arrays.
 * `field` holds one flat row-major array per row of MODEL_FIELDS: Float64Array for 'f', Int32Array for 'i'.
 */
export interface Model extends Readonly<Record<SizeName, number>> {
  readonly name: string
  readonly names: ModelNames
  readonly field: Readonly<Record<string, Float64Array | Int32Array>>
  /** the XML this was compiled from, kept for patches and reports; '' when loaded from a saved Model without it */
  readonly xml: string
}
