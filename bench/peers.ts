/**
 * Boxes on a plane and three jointed scenes beside MuJoCo, Rapier and Jolt, one core each: same masses, sizes, poses,
 * friction, timestep, gravity and controls; every engine's own contact model and solver, as it comes.
 */
import { fileURLToPath } from 'node:url'
import { ModelError } from '../bindings/errors.js'
import { joltSide } from './jolt.js'
import { rapierSide } from './rapier.js'
import { type Peer, rigidScene } from './rigid.js'
import { type BenchOptions, type Row, table } from './run.js'
import { Controls, type MujocoSide, mujocoSide, ours, type Scene, type Side, sceneOf, takeTurns } from './scenes.js'
import { cpuSeconds, median, quantile } from './timing.js'
import { doubts, mujocoWork, ourWork, sameStates } from './work.js'

/** worlds of ours, and the least ratio to a peer's steps per second */
const CASES: Readonly<Record<string, { nworld: number; targets?: Readonly<Record<string, number>> }>> = {
  boxes16: { nworld: 32, targets: { Rapier: 1 } },
  boxes64: { nworld: 8, targets: { '@mujoco/mujoco': 4 } },
  scene_cartpole: { nworld: 1024 },
  scene_double_pendulum: { nworld: 1024 },
  scene_ant: { nworld: 256 },
}

/** Rapier and Jolt with a scene. */
export async function peers(scene: Scene, mujoco: MujocoSide): Promise<Peer[]> {
  const { oracle } = mujoco
  const rigid = rigidScene(oracle)
  const controls = (): Controls => new Controls(scene, { nu: oracle.nu, range: oracle.get('actuator_ctrlrange') }, 1)
  return [await rapierSide(rigid, controls()), await joltSide(rigid, controls())]
}

/** Mean contacts a step over an episode; throws when a body is gone. */
export function peerContacts(peer: Peer, scene: Scene): number {
  peer.contacts()
  let points = 0
  peer.restart()
  for (let step = 0; step < scene.reset; step++) {
    if (step % scene.fs === 0) peer.control()
    peer.advance(1)
    points += peer.contacts()
  }
  for (let i = 0; i < peer.bodies; i++) {
    if (!peer.position(i).every(Number.isFinite)) throw new Error(`${peer.name}, ${scene.id}: body ${i} is nowhere`)
  }
  return points / scene.reset
}

async function measure(scene: Scene, nworld: number, targets: Readonly<Record<string, number>>, quick = false) {
  using mujoco = await mujocoSide(scene)
  using us = await ours(scene, nworld)
  const others = await peers(scene, mujoco)
  const sides: Side[] = [us, mujoco, ...others]
  const timing = quick
    ? { warm: [0.3, 2, 1, 1], slice: 0.2, turns: 5, now: cpuSeconds }
    : { warm: [1, 2.5, 2.5, 2.5], slice: 0.5, turns: 7 }
  const [mine, ...theirs] = await takeTurns(sides, scene, timing)
  const status = await us.batch.get('status')
  const contacts = [
    mujocoWork(mujoco, scene, quick ? 0.3 : 1).contacts,
    ...others.map(peer => peerContacts(peer, scene)),
  ]
  const own = (await ourWork(us, scene)).contacts
  const note = doubts(await sameStates(us, scene, mujoco.oracle, 8, 10), status)
  const rows = theirs.map((rates, k): Row => {
    const peer = sides[k + 1]
    const ratios = rates.map((rate, turn) => mine[turn] / rate)
    return {
      name: `${scene.id}, nworld ${nworld}`,
      value: median(mine),
      unit: 'steps/s',
      peer: median(rates),
      peerName: peer.name,
      ratio: median(ratios),
      ...(targets[peer.name] && { target: `≥ ${targets[peer.name]}×` }),
      details: {
        quartiles: `${quantile(ratios, 0.25).toPrecision(3)} to ${quantile(ratios, 0.75).toPrecision(3)}`,
        contacts: `${own.toPrecision(3)} / ${contacts[k].toPrecision(3)}`,
      },
      note,
    }
  })
  for (const peer of others) peer[Symbol.dispose]()
  return rows
}

/** Every row of the table, three for a scene; scenes the engine refuses are named on the error stream and left out. */
export async function benchPeers({ scenes: only, quick }: BenchOptions = {}): Promise<Row[]> {
  const rows: Row[] = []
  for (const id of only ?? Object.keys(CASES)) {
    const test = CASES[id]
    if (test === undefined) throw new Error(`peers has no '${id}': there are ${Object.keys(CASES).join(', ')}`)
    try {
      rows.push(...(await measure(sceneOf(id), test.nworld, test.targets ?? {}, quick)))
    } catch (error) {
      if (!(error instanceof ModelError)) throw error
      console.error(`${id} is refused: ${error.message}`)
    }
  }
  return rows
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(table(await benchPeers({ quick: true })))
