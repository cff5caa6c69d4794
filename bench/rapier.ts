/** A scene in Rapier, its SIMD build: impulse joints, the solver's own defaults, nothing sleeps. */
import RAPIER from '@dimforge/rapier3d-simd-compat'
import { motorWrenches, type Peer, product, type Quaternion, type RigidScene, type Vector, Y_TO_Z } from './rigid.js'
import type { Controls } from './scenes.js'

const xyz = ([x, y, z]: Vector) => ({ x, y, z })
const xyzw = ([w, x, y, z]: Quaternion) => ({ x, y, z, w })
const minus = (a: Vector, b: Vector): Vector => [a[0] - b[0], a[1] - b[1], a[2] - b[2]]

/** groups of the plane and of the bodies */
const PLANE = 1
const BODY = 2

export async function rapierSide(scene: RigidScene, controls: Controls): Promise<Peer> {
  await RAPIER.init()
  const world = new RAPIER.World(xyz(scene.gravity))
  world.timestep = scene.timestep
  const ground = world.createRigidBody(RAPIER.RigidBodyDesc.fixed())
  const { touches } = scene
  if (scene.plane) {
    const friction = scene.bodies[0].friction
    const half = new RAPIER.ColliderDesc(new RAPIER.HalfSpace({ x: 0, y: 0, z: 1 }))
    world.createCollider(half.setFriction(friction).setCollisionGroups((PLANE << 16) | BODY), ground)
  }
  const bodies = scene.bodies.map(({ position, mass, friction, shape, offset, turn }) => {
    const body = world.createRigidBody(
      RAPIER.RigidBodyDesc.dynamic()
        .setTranslation(...position)
        .setCanSleep(false),
    )
    const [a, b, c] = shape.size
    const desc =
      shape.kind === 'box'
        ? RAPIER.ColliderDesc.cuboid(a, b, c)
        : shape.kind === 'sphere'
          ? RAPIER.ColliderDesc.ball(a)
          : RAPIER.ColliderDesc.capsule(b, a)
    world.createCollider(
      desc
        .setTranslation(...offset)
        .setRotation(xyzw(shape.kind === 'capsule' ? product(turn, Y_TO_Z) : turn))
        .setMass(mass)
        .setFriction(friction)
        .setCollisionGroups((BODY << 16) | (touches.plane ? PLANE : 0) | (touches.bodies ? BODY : 0)),
      body,
    )
    return body
  })
  for (const { kind, parent, child, anchor, axis, limits } of scene.joints) {
    // bodies are not turned at the start: their axes are the world's
    const data = RAPIER.JointData[kind === 'slide' ? 'prismatic' : 'revolute'](
      xyz(parent < 0 ? anchor : minus(anchor, scene.bodies[parent].position)),
      xyz(minus(anchor, scene.bodies[child].position)),
      xyz(axis),
    )
    if (limits) {
      data.limitsEnabled = true
      data.limits = [...limits]
    }
    world.createImpulseJoint(data, parent < 0 ? ground : bodies[parent], bodies[child], true)
  }

  const wrench = new Float64Array(6 * bodies.length)
  const zero = { x: 0, y: 0, z: 0 }
  const upright = { x: 0, y: 0, z: 0, w: 1 }
  const orientation = (body: number): Quaternion => {
    const { x, y, z, w } = bodies[body].rotation()
    return [w, x, y, z]
  }
  return {
    name: 'Rapier',
    nworld: 1,
    bodies: bodies.length,
    restart() {
      bodies.forEach((body, i) => {
        body.setTranslation(xyz(scene.bodies[i].position), true)
        body.setRotation(upright, true)
        body.setLinvel(zero, true)
        body.setAngvel(zero, true)
      })
    },
    control() {
      if (scene.motors.length === 0) return
      motorWrenches(scene, controls.next(), orientation, wrench)
      // forces stay until they are taken back
      bodies.forEach((body, i) => {
        body.resetForces(true)
        body.resetTorques(true)
        body.addForce({ x: wrench[6 * i], y: wrench[6 * i + 1], z: wrench[6 * i + 2] }, true)
        body.addTorque({ x: wrench[6 * i + 3], y: wrench[6 * i + 4], z: wrench[6 * i + 5] }, true)
      })
    },
    advance(steps) {
      for (let i = 0; i < steps; i++) world.step()
    },
    position(body) {
      const { x, y, z } = bodies[body].translation()
      return [x, y, z]
    },
    contacts() {
      let points = 0
      const seen = new Set<string>()
      world.forEachCollider(a => {
        world.contactPairsWith(a, b => {
          const key = [a.handle, b.handle].sort().join()
          if (seen.has(key)) return
          seen.add(key)
          world.contactPair(a, b, manifold => {
            points += manifold.numSolverContacts()
          })
        })
      })
      return points
    },
    [Symbol.dispose]: () => world.free(),
  }
}
