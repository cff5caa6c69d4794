/** What several tasks of the library have in common. */
import { type Expr, type Scope, type Vec, vec } from '../task/index.js'

/** rad */
export const TURN = 2 * Math.PI

/** Gymnasium's start: the model's rest pose, every position and velocity off by U(-half, half). */
export const disturbedStart = (s: Scope, half: number): { qpos: Vec; qvel: Vec } => ({
  qpos: s.initial.qpos.map(q => q.add(s.uniform(-half, half))),
  qvel: s.initial.qvel.map(v => v.add(s.uniform(-half, half))),
})

/** Gymnasium's other start: positions off by U(-scale, scale), velocities by scale times standard normal numbers. */
export const scatteredStart = (s: Scope, scale: number): { qpos: Vec; qvel: Vec } => ({
  qpos: s.initial.qpos.map(q => q.add(s.uniform(-scale, scale))),
  qvel: s.initial.qvel.map(v => v.add(s.normal(0, scale))),
})

/** cfrc_ext of every body but the world (nbody-1, 6), without units: torques and forces stand side by side. */
export const contactForces = (s: Scope): Vec =>
  vec(...s.model.names.body.slice(1).map(name => s.body(name).cfrc_ext.unitless()))

/** The largest element. */
export const largest = (values: Vec): Expr => [...values].reduce((most, x) => most.max(x))
