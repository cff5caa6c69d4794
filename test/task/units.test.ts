/** Units of expressions, and what goes with what. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Model } from '../../bindings/model/model.js'
import {
  atan2,
  cos,
  type Expr,
  exp,
  mean,
  norm,
  pow,
  type Scope,
  sqrt,
  sum,
  tanh,
  where,
  wrapAngle,
} from '../../bindings/task/index.js'
import { walkerModel } from './models.js'
import { compileOn, observed, worldOf } from './support.js'

let model: Model

test.before(async () => {
  model = await walkerModel()
})

/** units of expressions by name */
function unitsOf(define: (s: Scope) => Record<string, Expr>): Record<string, string> {
  const { names, units } = compileOn(model, s => ({ observation: define(s) }))
  return Object.fromEntries(names.observation.map((name, i) => [name, units.observation[i]]))
}

test('quantities of the model have theirs', () => {
  const found = unitsOf(s => ({
    hip: s.jointPos('hip'),
    hipVel: s.jointVel('hip'),
    ankle: s.jointPos('ankle'),
    ankleVel: s.jointVel('ankle'),
    x: s.qpos[0],
    w: s.qpos[3],
    vx: s.qvel[0],
    wx: s.qvel[3],
    hipAcc: s.joint('hip').qacc[0],
    ankleAcc: s.qacc[7],
    hipForce: s.actuator('hip').force,
    ankleForce: s.actuatorForce[1],
    gyro: s.sensor('gyro').x,
    touch: s.sensor('toe'),
    attitude: s.sensor('attitude')[0],
    hipSensor: s.sensor('hip'),
    xvel: s.body('foot').xvel.x,
    angvel: s.body('foot').angvel.z,
    mass: s.body('foot').mass,
    torque: s.body('foot').cfrc_ext[0],
    force: s.body('foot').cfrc_ext[3],
    site: s.site('toe').xpos.y,
    siteVel: s.site('toe').xvel.y,
    com: s.centerOfMass().z,
    comVel: s.comVelocity().z,
    time: s.time,
    dt: s.dt,
    phase: s.phase(2),
    kp: s.param('actuator/ankle/kp'),
    damping: s.param('joint/hip/damping'),
    gravity: s.param('option/gravity/z'),
    action: s.lastAction(0),
    ctrl: s.ctrl[0],
    qfrc: s.field('qfrc_applied')[6],
    xfrc: s.field('xfrc_applied')[9],
  }))
  assert.equal(found, {
    hip: 'rad',
    hipVel: 'rad/s',
    ankle: 'm',
    ankleVel: 'm/s',
    x: 'm',
    w: '1',
    vx: 'm/s',
    wx: 'rad/s',
    hipAcc: 'rad/s^2',
    ankleAcc: 'm/s^2',
    hipForce: 'N*m',
    ankleForce: 'N',
    gyro: 'rad/s',
    touch: 'N',
    attitude: '1',
    hipSensor: 'rad',
    xvel: 'm/s',
    angvel: 'rad/s',
    mass: 'kg',
    torque: 'N*m',
    force: 'N',
    site: 'm',
    siteVel: 'm/s',
    com: 'm',
    comVel: 'm/s',
    time: 's',
    dt: 's',
    phase: 'rad',
    kp: 'kg/s^2',
    damping: 'm^2*kg/s/rad',
    gravity: 'm/s^2',
    action: '1',
    ctrl: '',
    qfrc: 'N*m',
    xfrc: 'N*m',
  })
})

test('operations make theirs of them', () => {
  const found = unitsOf(s => {
    const [x, v, q, w] = [s.qpos[0], s.qvel[0], s.jointPos('hip'), s.jointVel('hip')]
    return {
      product: x.mul(v),
      quotient: x.div(s.time),
      square: x.square(),
      cube: pow(x, 3),
      inverse: pow(x, -1),
      root: sqrt(x.square()),
      norm: norm(s.body('foot').xpos),
      angle: atan2(x, s.qpos[1]),
      wrapped: wrapAngle(q),
      cosine: cos(q),
      comparison: x.lt(1),
      choice: where(q.lt(0), x, 2),
      clipped: v.clip(-1, 1),
      rate: s.rate(x),
      change: s.rate(q).sub(w),
      bow: w.mul(s.qpos[2]).add(v),
      power: s.actuator('hip').force.mul(w),
      mean: mean(s.qpos.slice(0, 3)),
      sum: sum([x, s.qpos[1], 1]),
      stripped: x.unitless(),
      taken: x.unitless().as('kg'),
      literal: x.mul(2),
      noise: s.noisy(v, { std: 0.1 }),
      past: s.prev(v),
      degrees: s.const(180, 'deg'),
    }
  })
  assert.equal(found, {
    product: 'm^2/s',
    quotient: 'm/s',
    square: 'm^2',
    cube: 'm^3',
    inverse: '1/m',
    root: 'm',
    norm: 'm',
    angle: 'rad',
    wrapped: 'rad',
    cosine: '1',
    comparison: '1',
    choice: 'm',
    clipped: 'm/s',
    rate: 'm/s',
    change: 'rad/s',
    // radians are numbers: a rate of turn times a length is a speed
    bow: 'm*rad/s',
    power: 'm^2*kg*rad/s^3',
    mean: 'm',
    sum: 'm',
    stripped: '',
    taken: 'kg',
    literal: 'm',
    noise: 'm/s',
    past: 'm/s',
    degrees: 'rad',
  })
})

test('a plain factor may stand for a unit', () => {
  const found = unitsOf(s => ({
    // 4 per square metre
    bell: exp(s.qpos[0].square().mul(-4)),
    // 3 rad/s
    wave: s.time.mul(3).sin(),
    scaled: tanh(s.qvel[0].div(2)),
    // 0.1 m along a direction
    reach: s.qpos[0].sub(s.body('foot').up.x.mul(0.1)),
  }))
  assert.equal(found, { bell: '1', wave: '1', scaled: '1', reach: 'm' })
})

test('units scale constants', () => {
  const compiled = compileOn(model, s => ({
    observation: { angle: s.const(180, 'deg'), length: s.const(25, 'cm'), temperature: s.const(20, 'degC') },
  }))
  const { angle, length, temperature } = observed(compiled, worldOf(compiled, model))
  assert.is(angle, Math.fround(Math.PI))
  assert.is(length, 0.25)
  assert.is(temperature, Math.fround(293.15))
})

test.run()
