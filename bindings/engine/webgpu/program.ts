/** What the kernels of strategies and rollouts are compiled with beside a model: the tables of program.ts as constants. */
import { STREAM } from '../../math/index.js'
import {
  ACTIVATION,
  END,
  GRADIENT,
  LAYER,
  LAYER_WORDS,
  OUT,
  PERTURB,
  PIECE,
  PLACE_BITS,
  ROLLOUT,
  TASK_NEED,
  TRACK,
  UNIT,
} from '../../program.js'

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
