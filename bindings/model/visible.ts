import type { ModelNumbers } from './finite.js'

/** is a geom more than wholly transparent: rays see no other (MuJoCo's ray_eliminate) */
export function isVisible({ geom_matid, geom_rgba, mat_rgba }: ModelNumbers['field'], geom: number): boolean {
  return (geom_matid[geom] >= 0 ? mat_rgba[4 * geom_matid[geom] + 3] : geom_rgba[4 * geom + 3]) !== 0
}
