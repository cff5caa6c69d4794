/** A scene in Jolt, its single-threaded WebAssembly build: the solver's own defaults, no damping, nothing sleeps. */
import initJolt from 'jolt-physics'
import { motorWrenches, type Peer, product, type Quaternion, type Rigid, type RigidScene, Y_TO_Z } from './rigid.js'
import type { Controls } from './scenes.js'

type Jolt = Awaited<ReturnType<typeof initJolt>>

/** layers of the plane and of the bodies */
const PLANE = 0
const BODY = 1
const LAYERS = 2

let loaded: Promise<Jolt> | undefined

function shapeOf(jolt: Jolt, { shape, offset, turn }: Rigid): InstanceType<Jolt['Shape']> {
  const [a, b, c] = shape.size
  const settings =
    shape.kind === 'box'
      ? new jolt.BoxShapeSettings(new jolt.Vec3(a, b, c))
      : shape.kind === 'sphere'
        ? new jolt.SphereShapeSettings(a)
        : new jolt.CapsuleShapeSettings(b, a)
  const [w, x, y, z] = shape.kind === 'capsule' ? product(turn, Y_TO_Z) : turn
  const centred = offset.every(v => v === 0) && shape.kind !== 'capsule'
  const placed = centred
    ? settings
    : new jolt.RotatedTranslatedShapeSettings(new jolt.Vec3(...offset), new jolt.Quat(x, y, z, w), settings)
  return placed.Create().Get()
}

export async function joltSide(scene: RigidScene, controls: Controls): Promise<Peer> {
  loaded ??= initJolt()
  const jolt = await loaded
  const settings = new jolt.JoltSettings()
  const pairs = new jolt.ObjectLayerPairFilterTable(LAYERS)
  if (scene.touches.plane) pairs.EnableCollision(PLANE, BODY)
  if (scene.touches.bodies) pairs.EnableCollision(BODY, BODY)
  const broad = new jolt.BroadPhaseLayerInterfaceTable(LAYERS, LAYERS)
  for (const layer of [PLANE, BODY]) broad.MapObjectToBroadPhaseLayer(layer, new jolt.BroadPhaseLayer(layer))
  settings.mObjectLayerPairFilter = pairs
  settings.mBroadPhaseLayerInterface = broad
  settings.mObjectVsBroadPhaseLayerFilter = new jolt.ObjectVsBroadPhaseLayerFilterTable(broad, LAYERS, pairs, LAYERS)
  const world = new jolt.JoltInterface(settings)
  jolt.destroy(settings)
  const system = world.GetPhysicsSystem()
  system.SetGravity(new jolt.Vec3(...scene.gravity))
  const place = system.GetBodyInterface()
  const upright = new jolt.Quat(0, 0, 0, 1)

  if (scene.plane) {
    const shape = new jolt.PlaneShape(new jolt.Plane(new jolt.Vec3(0, 0, 1), 0))
    const ground = new jolt.BodyCreationSettings(
      shape,
      new jolt.RVec3(0, 0, 0),
      upright,
      jolt.EMotionType_Static,
      PLANE,
    )
    ground.mFriction = scene.bodies[0].friction
    place.CreateAndAddBody(ground, jolt.EActivation_DontActivate)
  }
  const bodies = scene.bodies.map(rigid => {
    const { position, mass, friction } = rigid
    const creation = new jolt.BodyCreationSettings(
      shapeOf(jolt, rigid),
      new jolt.RVec3(...position),
      upright,
      jolt.EMotionType_Dynamic,
      BODY,
    )
    creation.mFriction = friction
    creation.mAllowSleeping = false
    // MuJoCo's bodies have no damping either
    creation.mLinearDamping = 0
    creation.mAngularDamping = 0
    creation.mOverrideMassProperties = jolt.EOverrideMassProperties_CalculateInertia
    creation.mMassPropertiesOverride.mMass = mass
    const body = place.CreateBody(creation)
    place.AddBody(body.GetID(), jolt.EActivation_Activate)
    jolt.destroy(creation)
    return body
  })
  const fixed = world.sGetFixedToWorldBody()
  for (const { kind, parent, child, anchor, axis, limits } of scene.joints) {
    const [point, along] = [new jolt.RVec3(...anchor), new jolt.Vec3(...axis)]
    const across = along.GetNormalizedPerpendicular()
    const joint = kind === 'slide' ? new jolt.SliderConstraintSettings() : new jolt.HingeConstraintSettings()
    joint.mPoint1 = joint.mPoint2 = point
    joint.mNormalAxis1 = joint.mNormalAxis2 = across
    if (joint instanceof jolt.SliderConstraintSettings) joint.mSliderAxis1 = joint.mSliderAxis2 = along
    else joint.mHingeAxis1 = joint.mHingeAxis2 = along
    if (limits) [joint.mLimitsMin, joint.mLimitsMax] = limits
    system.AddConstraint(joint.Create(parent < 0 ? fixed : bodies[parent], bodies[child]))
  }
  system.OptimizeBroadPhase()

  const wrench = new Float64Array(6 * bodies.length)
  const starts = scene.bodies.map(({ position }) => new jolt.RVec3(...position))
  const zero = new jolt.Vec3(0, 0, 0)
  const vector = new jolt.Vec3(0, 0, 0)
  const ids = bodies.map(body => body.GetID())
  const orientation = (body: number): Quaternion => {
    const q = bodies[body].GetRotation()
    return [q.GetW(), q.GetX(), q.GetY(), q.GetZ()]
  }
  let listener: InstanceType<Jolt['ContactListenerJS']> | undefined
  let points = 0
  const count = (_a: number, _b: number, manifold: number): void => {
    points += jolt.wrapPointer(manifold, jolt.ContactManifold).mRelativeContactPointsOn1.size()
  }
  return {
    name: 'Jolt',
    nworld: 1,
    bodies: bodies.length,
    restart() {
      for (let i = 0; i < ids.length; i++) place.SetPositionRotationAndVelocity(ids[i], starts[i], upright, zero, zero)
    },
    control() {
      if (scene.motors.length > 0) motorWrenches(scene, controls.next(), orientation, wrench)
    },
    advance(steps) {
      for (let step = 0; step < steps; step++) {
        points = 0
        // forces are forgotten at every step
        for (let i = 0; scene.motors.length > 0 && i < bodies.length; i++) {
          vector.Set(wrench[6 * i], wrench[6 * i + 1], wrench[6 * i + 2])
          bodies[i].AddForce(vector)
          vector.Set(wrench[6 * i + 3], wrench[6 * i + 4], wrench[6 * i + 5])
          bodies[i].AddTorque(vector)
        }
        world.Step(scene.timestep, 1)
      }
    },
    position(body) {
      const p = bodies[body].GetPosition()
      return [p.GetX(), p.GetY(), p.GetZ()]
    },
    contacts() {
      // listening costs: only who asks pays, from the next step on
      if (listener === undefined) {
        listener = new jolt.ContactListenerJS()
        listener.OnContactValidate = () => jolt.ValidateResult_AcceptAllContactsForThisBodyPair
        listener.OnContactAdded = count
        listener.OnContactPersisted = count
        listener.OnContactRemoved = () => {}
        system.SetContactListener(listener)
      }
      return points
    },
    [Symbol.dispose]: () => jolt.destroy(world),
  }
}
