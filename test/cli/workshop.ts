import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Io } from '../../bindings/cli/io.js'
import { run } from '../../bindings/cli/program.js'
import { createBatch } from '../../bindings/engine/index.js'
import { loadModel } from '../../bindings/model/load.js'

/** A pendulum with a motor; `truth` fills in what a test may hide. */
export const pendulumXml = ({
  damping = 0.02,
  frictionloss = 0.01,
  mass = 0.3,
} = {}): string => `<mujoco model="pendulum">
  <option timestep="0.005" integrator="implicitfast"><flag contact="disable"/></option>
  <worldbody>
    <body name="rod">
      <inertial pos="0 0 -0.2" mass="${mass}" diaginertia="0.004 0.004 0.0002"/>
      <joint name="hinge" axis="0 1 0" damping="${damping}" frictionloss="${frictionloss}" armature="0.001"/>
    </body>
  </worldbody>
  <actuator><motor name="motor" joint="hinge"/></actuator>
</mujoco>
`

/** Damping and friction of the hidden pendulum. */
export const TRUTH = { damping: 0.035, frictionloss: 0.024 } as const

export const SPACE = {
  parameters: [
    { name: 'damping', path: 'joint/hinge/damping', min: 0.001, max: 0.2, transform: 'log' },
    { name: 'friction', path: 'joint/hinge/frictionloss', min: 0, max: 0.1 },
  ],
}

/** A log of the pendulum under a wandering torque, by our own engine: these tests are of the command line, not of physics. */
export async function pendulumLog(phase: number, seconds = 4): Promise<string> {
  const model = await loadModel(pendulumXml(TRUTH))
  const rows = Math.round(seconds / 0.005) + 1
  const torque = (t: number): number => 0.25 * Math.sin(2.1 * t + phase) + 0.15 * Math.sin(5.3 * t + 2 * phase)
  using batch = await createBatch(model, { nworld: 1 })
  const inputs = Float32Array.from({ length: rows }, (_, i) => torque(0.005 * i))
  const { qpos } = await batch.replay({ inputs, rows, nstep: 1, record: ['qpos'] })
  const lines = ['time [s],joint/hinge/qpos [rad],actuator/motor/ctrl [N*m]']
  for (let i = 0; i < rows; i++) lines.push(`${(0.005 * i).toFixed(3)},${qpos[i]},${inputs[i]}`)
  return `${lines.join('\n')}\n`
}

/** A folder of files for one test; gone when it is disposed. */
export class Workshop {
  readonly folder = mkdtempSync(join(tmpdir(), 'simcrank-cli-'))

  /** writes a file and gives its path */
  file(name: string, content: string | object | Uint8Array): string {
    const path = join(this.folder, name)
    const text = typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content)
    writeFileSync(path, text)
    return path
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** The command line in this process, with what it wrote. */
export async function simcrank(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = ''
  let err = ''
  const io: Io = {
    out: text => {
      out += text
    },
    err: text => {
      err += text
    },
    interactive: false,
  }
  const code = await run(argv, io)
  return { code, out, err }
}
